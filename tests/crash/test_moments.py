"""Kill -9 at random moments of a run: it ends in the right state, with the same outputs, and nothing is left.

``MEGURU_CRASH_MOMENTS=100`` tries a hundred moments; ``MEGURU_CRASH_SEED`` repeats those of an earlier try.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.kernel import events, jobs
from meguru.pipelines.load import register_file
from meguru.pipelines.logs import store as logs
from meguru.pipelines.logs.read import read_log
from meguru.pipelines.runner import work_on
from meguru.pipelines.show import show_run
from meguru.pipelines.start import start
from meguru.pipelines.types import FINAL

from .moments import (
    EXPECTED,
    FLOW,
    SEED,
    STEPS,
    TURNS,
    Zygote,
    alive,
    children,
    kill,
    note,
    of_moment,
    started,
    wait_for,
)

pytestmark = [pytest.mark.crash, pytest.mark.timeout(1800)]
LEASE = 0.6
SETTINGS = Settings(sqlite_synchronous="NORMAL", lease_seconds=LEASE)
VICTIMS = ("worker", "fork server", "group")


class Place:
    """A workspace with the pipeline of twelve steps, and the processes that work on it."""

    def __init__(self, ws, folder: Path, zygote: Zygote) -> None:
        self.ws, self.folder, self.zygote = ws, folder, zygote
        (folder / "flow.py").write_text(FLOW)
        self.pipeline = register_file(ws, f"{folder / 'flow.py'}:flow").ref
        self.took = self.outputs = None
        self.count = 0

    def begin(self):
        """Start a run; return it, the file of its marks, and the process that works on it."""
        self.count += 1
        marks = self.folder / f"marks{self.count}"
        marks.write_text("")
        run = start(self.ws, pipeline=self.pipeline, params={"marks": str(marks)})
        return run, marks, self.zygote.worker(self.ws.root, run.job, f"m{self.count}", LEASE)

    def finished(self, run) -> set[str]:
        with self.ws.read() as tx:
            told = events.read(tx, types=["step_run.succeeded"], limit=10_000)
        return {event.data["step"] for event in told if event.data["run"] == run.id}

    def over(self, run) -> bool:
        return show_run(self.ws, ref=run.id).state in FINAL

    def take_over(self, run) -> None:
        """Finish the run here, as soon as its lease allows."""
        wait_for("the run is taken over and ends", lambda: work_on(self.ws, run.job) or self.over(run))

    def check(self, run, marks: Path, before: Counter[str], done: set[str], kills: int) -> None:
        shown = show_run(self.ws, ref=run.id)
        assert shown.failed is None
        assert shown.state.value == "succeeded"
        assert self.ws.blobs.get_bytes(shown.steps[-1].outputs[0].digest) == EXPECTED
        outputs = [(step.step, [value.digest for value in step.outputs]) for step in shown.steps]
        self.outputs = self.outputs or outputs
        assert outputs == self.outputs
        after = started(marks)
        assert len(after) == STEPS
        again = {name for name in after if after[name] > before[name] > 0}
        assert not again & {NAMES.get(step, step) for step in done}, "a finished step ran again"
        assert sum(after.values()) <= STEPS + kills * cores(), "a kill cost more than the steps in flight"
        printed = [line.text for line in read_log(self.ws, ref=run.id).lines]
        assert Counter(printed) == Counter(f"ran {name}" for name in after)
        wait_for("no process is left", lambda: not of_moment(f"m{self.count}"))
        with self.ws.read() as tx:
            assert logs.unended(tx) == []
            assert jobs.find(tx, run.job).state.value == "done"
            kinds = Counter(
                event.type for event in events.read(tx, limit=100_000) if event.data.get("run") == run.id
            )
        assert kinds["step_run.succeeded"] == STEPS
        assert not (self.ws.root / "cache" / "steps" / run.id).exists()


NAMES = {f"part.{n}": f"part{n}" for n in range(8)}


def cores() -> int:
    return max(2, len(os.sched_getaffinity(0)))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder, zygote = tmp_path_factory.mktemp("moments"), Zygote()
    with open_local(folder / "ws", settings=SETTINGS) as ws:
        made = Place(ws, folder, zygote)
        run, marks, pid = made.begin()
        since = time.monotonic()
        wait_for("the first run ends by itself", lambda: not alive(pid))
        made.took = time.monotonic() - since
        made.check(run, marks, Counter(), set(), 0)
        yield made
        with ws.read() as tx:
            assert events.verify(tx).intact
    zygote.close()


def victims(kind: str, worker: int) -> list[int]:
    """Return the processes to be killed; none if there is no such process at this moment."""
    servers = children(worker)
    if kind == "worker":
        return [worker]
    if kind == "fork server":
        return servers
    return [worker, *servers, *(step for server in servers for step in children(server))]


@pytest.mark.parametrize("turn", TURNS)
def test_a_run_survives_a_kill_at_any_moment(place, turn):
    kind, chance = VICTIMS[turn % len(VICTIMS)], random.Random(f"{SEED}.{turn}")
    moment = chance.uniform(0, place.took)
    note(f"MEGURU_CRASH_SEED={SEED}: moment {turn}, kill the {kind} after {moment:.3f} s")
    run, marks, worker = place.begin()
    threading.Event().wait(moment)
    killed = victims(kind, worker)
    kill(killed)
    if worker in killed:
        wait_for("the processes of a dead worker end", lambda: not of_moment(f"m{place.count}"))
        before, done = started(marks), place.finished(run)
        place.take_over(run)
    else:
        before, done = started(marks), set()
        wait_for("the worker ends the run", lambda: not alive(worker))
    place.check(run, marks, before, done, 1)
