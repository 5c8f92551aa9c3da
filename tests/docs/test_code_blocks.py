"""Every Python block and every command of the how-to pages runs as it stands.

A page's blocks run in their order, in a copy of the first tutorial's project after its third chapter:
the model versions tumours@1 and @2, and the endpoint tumours that answers with the first.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import ExitStack

import pytest

from .page import DOCS, HERE, blocks, port, run, serve

OTHERS = ("README.md", "add-a-noun.md")  # the second has a test of its own
PAGES = sorted(page for page in (DOCS / "how-to").glob("*.md") if page.name not in OTHERS)
IN_THE_SOAK = {
    "approvals", "audit", "backfills", "business-metrics", "cards", "checklists", "costs", "datasets",
    "encrypt-blobs", "fairness", "hand-over", "mlflow-clients", "models", "outcomes", "predictions",
    "retention", "serve-features", "summaries", "talk", "test-a-pipeline", "webhooks",
}  # fmt: skip
"""Pages whose commands the tests of their nouns give too: it costs a dozen commands, often a server."""
MONTH = "time_hour,arr_delay,carrier\n" + "2013-01-01T10:00:00Z,5,UA\n" * 1200


@pytest.fixture(scope="session")
def project(once):
    """The tutorial's project, ready to be served."""
    return once("tutorial", set_up) / "tumours"


def set_up(folder):
    served = False
    for name, text in blocks(DOCS / "tutorials" / "first-wheel.md"):
        served = served or text == "meguru up"
        if name:
            (folder / name).write_text(text)
        elif text.startswith("cd "):
            folder /= text.removeprefix("cd ")
        elif not served or text.endswith("> one.json"):
            run(text, folder)
    for name in ("flights-2013-01.csv", "flights-2013-02.csv"):
        (folder / name).write_text(MONTH)
    (folder / "roc.svg").write_text("<svg/>")


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, id=page.stem, marks=[pytest.mark.soak] if page.stem in IN_THE_SOAK else [])
        for page in PAGES
    ],
)
def test_a_how_to_page_works_as_it_is_written(page, project, tmp_path):
    folder = shutil.copytree(project, tmp_path / "tumours")
    here = f"127.0.0.1:{port()}"
    for file in folder.glob("*.py"):
        file.write_text(file.read_text().replace(HERE, here))
    with ExitStack() as stack:
        for name, text in blocks(page):
            local = text.replace(HERE, here)
            if name == "python":
                command = [sys.executable, "-c", local]
                done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
                assert done.returncode == 0, done.stderr
            elif name:
                (folder / name).write_text(local)
            elif text == "meguru up":
                stack.enter_context(serve(folder, here, "tumours"))
            else:
                run(local, folder)
