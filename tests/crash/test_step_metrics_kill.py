"""Kill -9 while a step logs: the curve goes on, and has each point once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.kernel.workspace import Workspace
from meguru.pipelines.runner import work_on
from meguru.pipelines.show import list_runs, show_run
from meguru.pipelines.types import FINAL
from meguru.tracking import show as tracked

pytestmark = pytest.mark.crash
SETTINGS = Settings(sqlite_synchronous="NORMAL", lease_seconds=1.0)
ROUNDS = 250
LEARN = textwrap.dedent(
    """
    import os
    import time
    import meguru
    from meguru import pipeline, step

    @step
    def teach(rounds: int, gate: str) -> int:
        for n in range(rounds):
            meguru.log(loss=1 / (n + 1), step=n)
            time.sleep(0.01)
            while n == 200 and not os.path.exists(gate):
                time.sleep(0.01)
        return rounds

    @pipeline
    def learn(rounds: int, gate: str):
        return teach(rounds, gate)
    """
)
PROGRAM = textwrap.dedent(
    """
    import json, sys

    from meguru.app.open import open_local
    from meguru.base.settings import Settings
    from meguru.pipelines.runner import run_file

    settings = Settings(sqlite_synchronous="NORMAL", lease_seconds=1.0)
    with open_local(sys.argv[1], settings=settings) as ws:
        run_file(ws, sys.argv[2], json.loads(sys.argv[3]))
    """
)


def logged(ws: Workspace) -> int:
    runs = list_runs(ws).items
    if not runs or runs[0].tracked is None:
        return 0
    return tracked.show(ws, run=runs[0].tracked).metrics["loss"].count


@pytest.mark.parametrize("seen", [pytest.param(1, marks=pytest.mark.soak), 100])
def test_a_killed_process_leaves_no_point_twice(tmp_path: Path, seen: int) -> None:
    (tmp_path / "learn.py").write_text(LEARN)
    params = {"rounds": ROUNDS, "gate": str(tmp_path / "gate")}
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "ws"), str(tmp_path / "learn.py")]
    process = subprocess.Popen([*command, json.dumps(params)])
    with open_local(tmp_path / "ws", settings=SETTINGS) as ws:
        while (before := logged(ws)) < seen:
            assert process.poll() is None
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        (tmp_path / "gate").touch()  # not before: on a busy machine it would have ended by itself
        first = list_runs(ws).items[0]
        while first.state not in FINAL:  # until the dead process's lease is over
            work_on(ws, first.job)
            first = show_run(ws, ref=first.id)
        found = tracked.metric(ws, run=first.tracked, key="loss").items
        assert before < ROUNDS
        assert (first.state, first.steps[0].attempt) == ("succeeded", 2)
        assert [(point.step, point.value) for point in found] == [(n, 1 / (n + 1)) for n in range(ROUNDS)]
        assert tracked.show(ws, run=first.tracked).state == "succeeded"
