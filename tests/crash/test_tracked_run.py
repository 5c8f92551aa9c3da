"""Kill a process in its tracked run: what it sent is there, and the run does not stay running."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta

import pytest

from meguru.app.open import open_local
from meguru.base.clock import FixedClock
from meguru.kernel import events
from meguru.tracking.operations import list_runs, show, sweep

pytestmark = pytest.mark.crash
PROGRAM = textwrap.dedent(
    """
    import sys
    from itertools import count

    from meguru import run

    with run("train", workspace=sys.argv[1]) as r:
        for step in count():
            r.log(loss=1 / (1 + step))
            if step % 100 == 0:
                r.flush()
                print(step, flush=True)
    """
)


@pytest.mark.parametrize("lines", [1, pytest.param(7, marks=pytest.mark.soak)])
def test_a_killed_run_is_interrupted_then_failed_and_keeps_what_was_sent(tmp_path, lines):
    folder = tmp_path / "workspace"
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder)], stdout=subprocess.PIPE, text=True
    )
    try:
        sent = [int(process.stdout.readline()) for _ in range(lines)][-1] + 1
    finally:
        process.kill()
        process.communicate()
    clock = FixedClock(datetime.now(UTC))
    with open_local(folder, clock=clock) as workspace:
        (run,) = list_runs(workspace).items
        assert run.state == "running"  # nobody can know yet
        assert run.metrics["loss"].count >= sent
        clock.move(timedelta(seconds=61))
        assert show(workspace, run=run.id).state == "interrupted"
        assert [item.id for item in sweep(workspace)] == [run.id]
        ended = show(workspace, run=run.id)
        assert (ended.state, ended.error) == ("failed", "its process went silent")
        assert ended.metrics == run.metrics
        assert sweep(workspace) == []
        with workspace.read() as tx:
            assert [event.subject for event in events.read(tx, types=("run.finished",))] == [run.ref]
            assert events.verify(tx).intact
