"""Kill -9 in a sweep, again and again: it goes on as if nothing had happened; no trial is run twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path

import pytest

from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.kernel import events
from meguru.kernel.workspace import Workspace
from meguru.pipelines.show import list_runs, show_run
from meguru.sweeps import show
from meguru.sweeps.runner import all_trials, see_through, start_file
from meguru.sweeps.types import Search, SweepState

pytestmark = pytest.mark.crash
SETTINGS = Settings(sqlite_synchronous="NORMAL", lease_seconds=1.0)
TRIALS = 10
FLOW = textwrap.dedent(
    """
    import meguru
    from meguru import pipeline, step

    def mark(marks, text):
        with open(marks, "a") as file:
            file.write(text + "\\n")

    @step
    def load(marks: str) -> int:
        mark(marks, "load")
        return 3

    @step
    def score(n: int, x: float, kind: str, marks: str) -> float:
        meguru.log(auc=x)
        mark(marks, f"score {x}")
        return (x - n) ** 2 + (kind == "b")

    @pipeline
    def flow(marks: str, x: float, kind: str):
        return score(load(marks), x, kind, marks)
    """
)
PROGRAM = textwrap.dedent(
    """
    import sys

    from meguru.app.nouns import load_operations
    from meguru.app.open import open_local
    from meguru.base.settings import Settings
    from meguru.sweeps import show
    from meguru.sweeps.runner import see_through

    load_operations()
    settings = Settings(sqlite_synchronous="NORMAL", lease_seconds=1.0)
    with open_local(sys.argv[1], settings=settings) as ws:
        see_through(ws, show.show(ws, sweep=sys.argv[2]))
    """
)


def started(ws: Workspace, folder: Path, parallel: int):
    (folder / "flow.py").write_text(FLOW)
    params = {"marks": str(folder / "marks"), "x": "uniform:-5..5", "kind": "choice:a,b"}
    return start_file(
        ws,
        f"{folder}/flow.py:flow",
        params,
        Search(metric="score", goal="min", trials=TRIALS, seed=5, parallel=parallel),
    )


def log_length(ws: Workspace) -> int:
    with ws.read() as tx:
        return events.head(tx)


@pytest.mark.parametrize("parallel", [pytest.param(1, marks=pytest.mark.soak), 3])
def test_a_sweep_that_is_killed_again_and_again_makes_the_trials_it_would_have_made(
    tmp_path: Path, parallel: int
) -> None:
    load_operations()
    (tmp_path / "whole").mkdir()
    (tmp_path / "cut").mkdir()
    with open_local(tmp_path / "whole/ws", settings=SETTINGS) as ws:
        whole = see_through(ws, started(ws, tmp_path / "whole", parallel))
        expected = [(one.number, one.params, one.value, one.state) for one in all_trials(ws, whole.id)]
    order = random.Random(7)
    kills = 0
    with open_local(tmp_path / "cut/ws", settings=SETTINGS) as ws:
        made = started(ws, tmp_path / "cut", parallel)
        while show.show(ws, sweep=made.id).state is SweepState.RUNNING:
            command = [sys.executable, "-c", PROGRAM, str(tmp_path / "cut/ws"), made.id]
            process = subprocess.Popen(command)
            until = log_length(ws) + order.randrange(3, 25)
            while process.poll() is None and log_length(ws) < until:
                with ws.read() as tx:
                    after = events.head(tx)
                events.wait(ws, after=after, timeout=0.2)
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
                kills += 1
            process.wait()
        trials = all_trials(ws, made.id)
        runs = {run.id: run for run in list_runs(ws, limit=1000).items}
        assert kills >= 3
        found = [(one.number, one.params, one.value, one.state) for one in trials]
        if parallel == 1:
            assert found == expected
        assert [each[::3] for each in found] == [each[::3] for each in expected]
        assert {one.run for one in trials} == runs.keys()
        assert all(run.state == "succeeded" for run in runs.values())
        with ws.read() as tx:
            counted = Counter((one.type, one.subject) for one in events.read(tx, limit=5000))
            assert events.verify(tx).intact
        done = [key for key in counted if key[0] == "step_run.succeeded"]
        assert all(counted[key] == 1 for key in done)
        assert counted["sweep_trial.started", made.ref] == TRIALS
        assert counted["sweep_trial.finished", made.ref] == TRIALS
        assert counted["sweep.finished", made.ref] == 1
        tracked = [show_run(ws, ref=one.run).tracked for one in trials]
        assert len(set(tracked)) == TRIALS
