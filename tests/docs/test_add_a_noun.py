"""The page "add a noun" is followed on a copy of the source; then the noun has all that nouns have."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "add-a-noun.md"
FILE = re.compile(
    r"^```(?:python|html)\n(?:# |<!-- )(src/[^\s]+)(?: -->)?\n(.*?)^```", re.DOTALL | re.MULTILINE
)
LINES = re.compile(r"^```diff\n# (\S+)\n (.*?)\n\+(.*?)\n```", re.MULTILINE)
VERSIONS = "src/meguru/storage/migrations/versions"


@pytest.mark.acceptance
def test_the_page_adds_a_noun_by_the_files_that_it_names(tmp_path):
    copy = tmp_path / "meguru"
    shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    _follow(PAGE.read_text("utf-8"), copy)
    shutil.copy(Path(__file__).with_name("noun_story.py"), copy / "story.py")
    said = _run(copy, "story.py", str(tmp_path / "workspace"))
    assert said.strip().endswith("the noun is there")
    listed = _run(copy, "-m", "meguru", "contact", "list", "--workspace", str(tmp_path / "workspace"))
    assert "pager\tBen" in listed
    _run(copy, "-c", _SCHEMA)


_SCHEMA = """
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from meguru.app.migrate import upgrade
from meguru.app.nouns import load_schemas
from meguru.storage.db import Database, metadata
load_schemas()
db = Database("sqlite:///schema.db")
with db.write() as tx:
    upgrade(tx)
    assert compare_metadata(MigrationContext.configure(tx, opts={"compare_type": True}), metadata) == []
"""


def _follow(page: str, copy: Path) -> None:
    last = max(path.name[:4] for path in (copy / VERSIONS).glob("0*.py"))
    number = f"{int(last) + 1:04d}"
    for name, text in FILE.findall(page):
        path = copy / name.replace("NNNN", number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("NNNN", number).replace("PPPP", last), "utf-8")
    for name, before, line in LINES.findall(page):
        path = copy / name
        text = path.read_text("utf-8")
        assert f"{before}\n" in text, f"{name} has no line {before!r}"
        path.write_text(text.replace(f"{before}\n", f"{before}\n{line}\n", 1), "utf-8")


def _run(copy: Path, *command: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(copy / "src"), "NO_COLOR": "1"}
    whole = [sys.executable, *command]
    done = subprocess.run(whole, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
