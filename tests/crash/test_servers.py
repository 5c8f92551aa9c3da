"""Servers that are killed or told to stop while they work: another one goes on, nothing is done twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.kernel import events, jobs
from meguru.pipelines.load import register_file
from meguru.pipelines.logs import store as logs
from meguru.pipelines.runner import work_on
from meguru.pipelines.show import list_runs, show_run
from meguru.pipelines.start import start
from meguru.pipelines.types import FINAL
from meguru.triggers import operations as triggers
from meguru.triggers.types import FiringState

from .moments import EXPECTED, FLOW, MOMENTS, SEED, STEPS, alive, mark_of, note, of_moment, started, wait_for

pytestmark = [pytest.mark.crash, pytest.mark.integration, pytest.mark.timeout(900)]
LEASE = 1.0
QUICK = """

@step(cache=False)
def tick(ticks: str) -> int:
    with open(ticks, "a") as file:
        file.write("tick\\n")
    return 1


@pipeline
def quick(ticks: str):
    return tick(ticks)
"""


class Server:
    """A process of `meguru up`, which ends with this one."""

    def __init__(self, place: str, blobs: Path, name: str) -> None:
        self.name = name
        environment = os.environ | {
            "MEGURU_BLOBS": str(blobs),
            "MEGURU_LEASE_SECONDS": str(LEASE),
            "MEGURU_SQLITE_SYNCHRONOUS": "NORMAL",
            "MEGURU_TEST_MOMENT": mark_of(name),
        }
        command = [sys.executable, "-m", "meguru", "up", "--port", "0", "--exit-with-parent", "--json"]
        self.process = subprocess.Popen(
            [*command, "-w", place],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def wait_until_ready(self) -> None:
        assert "url" in json.loads(self.process.stdout.readline())

    def end(self, number: int) -> int:
        """Send a signal; return the code with which it ended."""
        self.process.send_signal(number)
        code = self.process.wait(60)
        self.process.stdin.close()
        self.process.stdout.close()
        return code


class Cluster:
    """Servers on one workspace, a pipeline of twelve steps, and one of a single step for triggers."""

    def __init__(self, place: str, folder: Path) -> None:
        self.place, self.folder, self.blobs = place, folder, folder / "blobs"
        self.ws = open_local(
            place, settings=Settings(blobs=str(self.blobs), sqlite_synchronous="NORMAL", lease_seconds=LEASE)
        )
        (folder / "flow.py").write_text(FLOW + QUICK)
        self.flow = register_file(self.ws, f"{folder / 'flow.py'}:flow").ref
        self.quick = register_file(self.ws, f"{folder / 'flow.py'}:quick").ref
        self.servers: dict[int, Server] = {}
        self.count = 0

    def up(self, servers: int) -> None:
        """Start servers until there are so many."""
        new = []
        while len(self.servers) < servers:
            self.count += 1
            server = Server(self.place, self.blobs, f"server{self.count}")
            self.servers[server.process.pid] = server
            new.append(server)
        for server in new:
            server.wait_until_ready()

    def begin(self):
        marks = self.folder / f"marks{len(list(self.folder.glob('marks*')))}"
        marks.write_text("")
        return start(self.ws, pipeline=self.flow, params={"marks": str(marks)}), marks

    def holder(self, run) -> int:
        """Return the process that works on a run; 0 if none does."""
        with self.ws.read() as tx:
            owner = jobs.find(tx, run.job).lease_owner
        return int(owner.split(":")[1]) if owner else 0

    def finished(self, run) -> Counter[str]:
        with self.ws.read() as tx:
            told = events.read(tx, types=["step_run.succeeded"], limit=10_000)
        return Counter(event.data["step"] for event in told if event.data["run"] == run.id)

    def over(self, run) -> bool:
        return show_run(self.ws, ref=run.id).state in FINAL

    def wait_for_steps(self, run, count: int) -> None:
        wait_for(f"{count} steps have finished", lambda: sum(self.finished(run).values()) >= count)

    def wait_for_end(self, run) -> None:
        wait_for("the run ends", lambda: self.over(run))

    def lose(self, pid: int, number: int, run, marks: Path) -> tuple[Counter[str], Counter[str]]:
        """End a server by a signal; return what had begun and what was finished when all of it was gone."""
        server = self.servers.pop(pid)
        assert server.end(number) == (0 if number == signal.SIGTERM else -number)
        wait_for("what the server started ends", lambda: not of_moment(server.name))
        return started(marks), self.finished(run)

    def check(self, run, marks: Path, before: Counter[str], done: Counter[str]) -> None:
        shown = show_run(self.ws, ref=run.id)
        assert shown.failed is None
        assert shown.state.value == "succeeded"
        assert self.ws.blobs.get_bytes(shown.steps[-1].outputs[0].digest) == EXPECTED
        finished = self.finished(run)
        assert finished == Counter(dict.fromkeys(finished, 1))
        assert len(finished) == STEPS
        after = started(marks)
        assert len(after) == STEPS
        assert sum((after - before).values()) <= STEPS - sum(done.values()), "a finished step ran again"
        with self.ws.read() as tx:
            assert logs.unended(tx, [run.id]) == []
            assert events.verify(tx).intact

    def close(self) -> None:
        for server in list(self.servers.values()):
            server.end(signal.SIGKILL)
        self.ws.close()


@pytest.fixture
def single(tmp_path):
    cluster = Cluster(str(tmp_path / "ws"), tmp_path)
    yield cluster
    cluster.close()


@pytest.fixture
def pair(postgres_url, tmp_path):
    cluster = Cluster(postgres_url, tmp_path)
    cluster.up(2)
    yield cluster
    cluster.close()


@pytest.mark.parametrize("turn", range(max(1, MOMENTS // 10)))
def test_a_run_survives_a_kill_of_the_server_at_any_moment(single, turn):
    moment = random.Random(f"{SEED}.{turn}").uniform(0, 1.5)
    note(f"MEGURU_CRASH_SEED={SEED}: moment {turn}, kill the server after {moment:.3f} s")
    single.up(1)
    run, marks = single.begin()
    threading.Event().wait(moment)
    before, done = single.lose(next(iter(single.servers)), signal.SIGKILL, run, marks)
    wait_for("the run is taken over", lambda: work_on(single.ws, run.job) or single.over(run))
    single.check(run, marks, before, done)


@pytest.fixture
def fires(pair):
    """Two triggers: `quickly` runs a pipeline whenever `other` is paused."""
    ticks = pair.folder / "ticks"
    ticks.write_text("")
    action = {"pipeline": "quick", "params": {"ticks": str(ticks)}}
    triggers.create(pair.ws, name="quickly", on={"event": "trigger.paused"}, action=action)
    triggers.create(pair.ws, name="other", on={"event": "nothing.ever"}, action=action)

    def fire() -> None:
        triggers.pause(pair.ws, name="other")
        triggers.resume(pair.ws, name="other")

    yield fire
    wait_for("every event is decided", lambda: len(firings(pair)) == 4)
    wait_for("what the triggers started ends", lambda: all(run.state in FINAL for run in quick(pair)))
    assert len({item.event for item in firings(pair)}) == 4
    fired = [item for item in firings(pair) if item.state is FiringState.FIRED]
    assert len(fired) == len(quick(pair)) > 0
    assert {run.state.value for run in quick(pair)} == {"succeeded"}
    assert len(fired) <= len(ticks.read_text().split()) <= len(fired) + 2  # those in flight ran again


def test_of_two_servers_one_is_told_to_stop_then_one_is_killed_and_the_other_goes_on(pair, fires):
    for number in (signal.SIGTERM, signal.SIGKILL):
        pair.up(2)
        run, marks = pair.begin()
        pair.wait_for_steps(run, 3)
        fires()
        before, done = pair.lose(pair.holder(run), number, run, marks)
        fires()
        pair.wait_for_end(run)
        pair.check(run, marks, before, done)
        with pair.ws.read() as tx:
            attempts = jobs.find(tx, run.job).attempt
        assert attempts == (1 if number == signal.SIGTERM else 2), "only a death counts as an attempt"
        assert alive(next(iter(pair.servers)))


def firings(pair):
    return triggers.history(pair.ws, name="quickly", limit=1000).items


def quick(pair):
    return list_runs(pair.ws, pipeline="quick", limit=100).items
