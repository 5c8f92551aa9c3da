"""Full disks and outputs that are too large: the step says so, nothing half-written stays."""

from __future__ import annotations

import os
import re
import subprocess
import textwrap
from pathlib import Path

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.kernel import events
from meguru.pipelines.runner import run_file

pytestmark = pytest.mark.crash
MB = 1 << 20
FLOW = textwrap.dedent(
    """
    import os
    from pathlib import Path
    from meguru import pipeline, step

    @step
    def big(megabytes: int) -> bytes:
        return os.urandom(megabytes << 20)

    @step
    def litter(folder: str) -> int:
        here = Path(os.readlink("/proc/self/fd/1")).parent
        with open(here / "litter", "wb") as file:
            while True:
                file.write(bytes(1 << 16))

    @step
    def table(rows: int):
        import polars as pl
        return pl.DataFrame({"x": list(os.urandom(rows))})

    @pipeline
    def flow(megabytes: int):
        return big(megabytes)

    @pipeline
    def litters(folder: str = ""):
        return litter(folder)

    @pipeline
    def tables(rows: int):
        return table(rows)
    """
)


@pytest.fixture
def target(tmp_path):
    (tmp_path / "flow.py").write_text(FLOW)
    return str(tmp_path / "flow.py")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 12 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False) if os.geteuid() == 0 else None
    if done is None or done.returncode:
        pytest.skip(
            "a small file system can't be mounted here: " + (done.stderr.strip() if done else "no root")
        )
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def drafts(place: Path) -> list[Path]:
    return [
        path
        for path in place.rglob("*")
        if path.is_file() and (path.parent.name == "tmp" or "draft" in path.name)
    ]


def test_a_full_place_for_blobs_fails_the_step_and_leaves_no_half_blob(tmp_path, small_disk, target):
    settings = Settings(blobs=str(small_disk / "blobs"), sqlite_synchronous="NORMAL")
    with open_local(tmp_path / "ws", settings=settings) as ws:
        run = run_file(ws, f"{target}:flow", {"megabytes": 16})
        assert run.state.value == "failed"
        assert run.failed.type == "OSError"
        assert "No space left on device" in run.failed.message
        assert drafts(small_disk) == []
        assert run_file(ws, f"{target}:flow", {"megabytes": 1}).state.value == "succeeded"


def test_a_step_that_fills_the_disk_of_the_whole_workspace_fails_alone(small_disk, target):
    with open_local(small_disk / "ws", settings=Settings(sqlite_synchronous="NORMAL")) as ws:
        run = run_file(ws, f"{target}:litters")
        assert run.state.value == "failed"
        assert "No space left on device" in run.failed.message
        assert list((small_disk / "ws" / "cache" / "steps").iterdir()) == []
        assert run_file(ws, f"{target}:flow", {"megabytes": 1}).state.value == "succeeded"
        with ws.read() as tx:
            assert events.verify(tx).intact


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("max_output", "larger than 2,097,152 bytes"),
        ("max_file", "more than 2,097,152 bytes, the limit of MEGURU_MAX_FILE"),
    ],
)
@pytest.mark.parametrize(("pipeline", "params"), [("flow", {"megabytes": 3}), ("tables", {"rows": 4 * MB})])
def test_an_output_beyond_a_limit_fails_the_step_with_its_reason(
    tmp_path, target, limit, said, pipeline, params
):
    with open_local(tmp_path / "ws", settings=Settings(sqlite_synchronous="NORMAL", **{limit: 2 * MB})) as ws:
        run = run_file(ws, f"{target}:{pipeline}", params)
        assert run.state.value == "failed"
        assert re.search(said, run.failed.message)
        assert drafts(ws.root) == []
        assert run_file(ws, f"{target}:flow", {"megabytes": 1}).state.value == "succeeded"
