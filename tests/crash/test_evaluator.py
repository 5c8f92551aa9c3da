"""Kill the evaluator at any moment: every event is decided once, in order, and what it started is there."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.kernel import events
from meguru.kernel.jobs.schema import job
from meguru.testing.actions import install
from meguru.triggers import operations as triggers
from meguru.triggers.evaluate import Evaluator
from meguru.triggers.types import FiringState

pytestmark = pytest.mark.crash
EVENTS = 120
PROGRAM = textwrap.dedent(
    """
    import sys
    import threading

    from meguru.app.open import open_local
    from meguru.testing.actions import install
    from meguru.triggers.evaluate import Evaluator

    install()
    with open_local(sys.argv[1]) as workspace:
        print("ready", flush=True)
        Evaluator(workspace).run(threading.Event())
    """
)


@contextmanager
def evaluator(folder):
    """Run an evaluator in a process of its own; the end of the block kills it."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def head(workspace):
    with workspace.read() as tx:
        return events.head(tx)


def wake(workspace, times):
    """Emit the event that matches, `times` times, with others between."""
    for _ in range(times):
        triggers.pause(workspace, name="other")
        triggers.resume(workspace, name="other")


def decided(workspace):
    return list(reversed(triggers.history(workspace, name="all", limit=1000).items))


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.soak)])
def test_a_killed_evaluator_loses_nothing_and_repeats_nothing(tmp_path, seed):
    install()
    draw = random.Random(seed)
    folder = tmp_path / "workspace"
    action = {"note": "forgotten", "job": True}  # its job is not waited for
    with open_local(folder, settings=Settings(sqlite_synchronous="NORMAL")) as workspace:
        triggers.create(workspace, name="all", on={"event": "trigger.paused"}, action=action)
        triggers.create(workspace, name="other", on={"event": "nothing.ever"}, action=action)
        wake(workspace, EVENTS)
        kills = 0
        while len(decided(workspace)) < EVENTS:
            with evaluator(folder):
                after = head(workspace) + draw.randint(0, EVENTS)
                events.wait(workspace, after=after, timeout=5)
            kills += 1
        while Evaluator(workspace).step():
            pass
        with workspace.read() as tx:
            matched = [event.id for event in events.read(tx, types=("trigger.paused",), limit=1000)]
            assert events.verify(tx).intact
            keys = set(tx.execute(select(job.c.key)).scalars())
        done = decided(workspace)
        assert kills > 1
        assert [item.event for item in done] == matched
        assert {item.state for item in done} == {FiringState.FIRED}
        assert keys == {f"all:{event}" for event in matched}
