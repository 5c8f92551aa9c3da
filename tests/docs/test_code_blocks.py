"""Every Python block of the how-to pages runs as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).parents[2] / "docs" / "how-to").glob("*.md"))
BLOCKS = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL))
]
MONTH = "time_hour,arr_delay,carrier\n" + "2013-01-01T10:00:00Z,5,UA\n" * 1200


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_of_the_docs_runs(block, tmp_path):
    for name in ("flights-2013-01.csv", "flights-2013-02.csv"):
        (tmp_path / name).write_text(MONTH)
    (tmp_path / "roc.svg").write_text("<svg/>")
    done = subprocess.run(
        [sys.executable, "-c", block], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
