"""No process that a step started outlives its run, whoever was killed: children, their children, daemons."""

from __future__ import annotations

import os
import signal
import textwrap
from pathlib import Path

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.compute.executors import orphans, process
from meguru.pipelines.load import register_file
from meguru.pipelines.runner import run_file, work_on
from meguru.pipelines.show import show_run
from meguru.pipelines.start import start
from meguru.pipelines.types import FINAL

from .moments import Zygote, alive, children, kill, wait_for

pytestmark = pytest.mark.crash
LEASE = 0.6
SETTINGS = Settings(sqlite_synchronous="NORMAL", lease_seconds=LEASE)
FLOW = textwrap.dedent(
    """
    import os
    import signal
    import subprocess
    import time
    from pathlib import Path

    from meguru import pipeline, step


    def known(pids):
        with open(pids, "a") as file:
            file.write(f"{os.getpid()}\\n")


    def daemon(pids):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.setsid()
                known(pids)
                time.sleep(600)
            os._exit(0)


    @step
    def keeps(pids: str, gate: str) -> int:
        known(pids)
        daemon(pids)
        subprocess.Popen(["sh", "-c", f"echo $$ >> {pids}; sleep 60 & echo $! >> {pids}; wait"])
        subprocess.Popen(["sh", "-c", f"echo $$ >> {pids}; exec sleep 600"], start_new_session=True)
        while not Path(gate).exists():
            time.sleep(0.01)
        return 1


    @step
    def kills_its_server(pids: str) -> int:
        known(pids)
        daemon(pids)
        while len(Path(pids).read_text().split()) % 2:
            time.sleep(0.01)
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(600)


    @step(timeout=0.5)
    def stops_its_server(pids: str) -> int:
        known(pids)
        os.kill(os.getppid(), signal.SIGSTOP)
        time.sleep(600)


    @pipeline
    def keeping(pids: str, gate: str):
        return keeps(pids, gate)


    @pipeline
    def killing(pids: str):
        return kills_its_server(pids)


    @pipeline
    def stopping(pids: str):
        return stops_its_server(pids)
    """
)
STARTED = 5


class Place:
    def __init__(self, ws, folder: Path) -> None:
        self.ws, self.pids, self.gate = ws, folder / "pids", folder / "gate"
        self.file = folder / "flow.py"
        self.file.write_text(FLOW)
        self.pids.write_text("")

    def started(self) -> list[int]:
        return [int(pid) for pid in self.pids.read_text().split()]

    def left(self) -> list[int]:
        return [pid for pid in self.started() if alive(pid)]

    def wait_until_nothing_is_left(self) -> None:
        wait_for("what the steps started ends", lambda: not self.left(), 60)

    def keep(self, zygote: Zygote):
        """Begin a run whose step has started five processes; return it and its worker."""
        version = register_file(self.ws, f"{self.file}:keeping").ref
        run = start(self.ws, pipeline=version, params={"pids": str(self.pids), "gate": str(self.gate)})
        worker = zygote.worker(self.ws.root, run.job, "orphans", LEASE)
        wait_for("the step has started its processes", lambda: len(self.started()) == STARTED)
        assert len(self.left()) == STARTED
        return run, worker

    def end(self, run) -> None:
        self.gate.touch()
        wait_for(
            "the run ends", lambda: work_on(self.ws, run.job) or show_run(self.ws, ref=run.id).state in FINAL
        )
        assert show_run(self.ws, ref=run.id).state.value == "succeeded"
        self.wait_until_nothing_is_left()


@pytest.fixture
def place(tmp_path):
    with open_local(tmp_path / "ws", settings=SETTINGS) as ws:
        made = Place(ws, tmp_path)
        yield made
        kill(made.left())


@pytest.fixture
def zygote():
    made = Zygote()
    yield made
    made.close()


def test_what_a_step_started_ends_with_its_worker(place, zygote):
    run, worker = place.keep(zygote)
    kill([worker])
    place.wait_until_nothing_is_left()
    place.end(run)


def test_what_a_step_started_ends_with_its_fork_server(place, zygote):
    run, worker = place.keep(zygote)
    kill(children(worker))
    wait_for("the worker starts the step again", lambda: len(place.started()) == 2 * STARTED)
    assert set(place.left()) == set(place.started()[STARTED:])
    place.end(run)
    wait_for("the worker ends", lambda: not alive(worker))


def kill_at_once(pids: list[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)  # so that none can do anything before it dies
    kill(pids)
    wait_for("all are dead", lambda: not any(map(alive, pids)))


def test_what_a_step_started_ends_when_worker_and_fork_server_die_at_once(place, zygote):
    run, worker = place.keep(zygote)
    kill_at_once([worker, *children(worker)])
    place.wait_until_nothing_is_left()
    place.end(run)


def test_what_a_step_started_ends_when_all_that_would_end_it_died_at_once_and_another_one_begins(
    place, zygote
):
    run, worker = place.keep(zygote)
    server = children(worker)
    wardens = [pid for each in server for pid in children(each) if os.getsid(pid) == pid]
    assert len(wardens) == 1
    kill_at_once([worker, *server, *wardens])
    assert place.left(), "nothing was left to be ended"
    ended = set(orphans.end_of_dead_engines())
    # What the kernel ends with the server has no environment left by which to know it, and is gone soon.
    wait_for("all that is left was ended", lambda: ended >= set(place.left()))
    place.end(run)


def test_processes_of_an_engine_that_lives_are_left_alone(place, zygote):
    run, _ = place.keep(zygote)
    orphans.end_of_dead_engines()
    assert len(place.left()) == STARTED
    place.gate.touch()
    wait_for("the run ends", lambda: show_run(place.ws, ref=run.id).state in FINAL)
    place.wait_until_nothing_is_left()


def test_a_step_that_kills_its_fork_server_each_time_fails_in_the_end(place):
    run = run_file(place.ws, f"{place.file}:killing", {"pids": str(place.pids)})
    assert run.state.value == "failed"
    assert "the fork server was killed" in run.failed.message
    assert len(place.started()) > 2
    place.wait_until_nothing_is_left()


def test_a_step_that_stops_its_fork_server_ends_at_its_limit_of_time(place, monkeypatch):
    monkeypatch.setattr(process, "OBEY_SECONDS", 0.5)
    run = run_file(place.ws, f"{place.file}:stopping", {"pids": str(place.pids)})
    assert run.state.value == "failed"
    assert "longer than its limit of 0.5 s" in run.failed.message
    place.wait_until_nothing_is_left()
