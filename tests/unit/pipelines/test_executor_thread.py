"""Thread steps: many in one process, each with its own log; the one to blame for its death is found."""

from __future__ import annotations

import os
import signal

import pytest

from meguru.compute.executors import thread
from meguru.compute.executors.process import ForkServer
from meguru.compute.executors.thread import Threads
from meguru.compute.logs.files import read_ended
from meguru.testing.contracts.executors import Steps, is_gone, until

STEPS = """
import logging, os, subprocess, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

def where(n: int) -> list[int]:
    return [os.getpid(), threading.get_ident()]

def meet(n: int) -> int:
    Path(f"PLACE.{n}").write_text("here")
    while not Path("PLACE").exists():
        time.sleep(0.005)
    return os.getpid()

def die(n: int) -> int:
    Path(f"PLACE.{n}").write_text("here")
    while not Path("PLACE.die").exists():
        time.sleep(0.005)
    os._exit(4)

def spread(n: int) -> int:
    logging.warning("logged %d", n)
    thread = threading.Thread(target=print, args=(f"thread {n}",))
    thread.start()
    thread.join()
    with ThreadPoolExecutor(2) as pool:
        pool.submit(print, f"pool {n}").result()
    return n

def named(n: int) -> Path:
    path = Path(os.fsdecode(b"PLACE\\xff"))
    path.write_text("it can be written, and no record can name it")
    return path

def raw(n: int) -> int:
    os.write(1, b"raw bytes\\n")
    subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)
    return n
"""


@pytest.fixture
def steps(tmp_path):
    server = ForkServer()
    executor = Threads(server)
    yield Steps(tmp_path, executor, STEPS)
    executor.close()
    server.close()


def meeting(steps: Steps, *functions: str) -> list[str]:
    """Start steps that wait for `marks`; return when all of them run."""
    names = [steps.start(function, n) for n, function in enumerate(functions)]
    for n in range(len(functions)):
        until(lambda n=n: (steps.folder / f"marks.txt.{n}").exists())
    return names


def ends(steps: Steps, count: int) -> dict:
    return dict(steps.ended.get(timeout=60) for _ in range(count))


def test_steps_of_one_version_share_a_process(steps):
    first, second = steps.run("where"), steps.run("where")
    assert first[0] == second[0] != os.getpid()


def test_steps_run_at_the_same_time(steps):
    names = meeting(steps, "meet", "meet")
    steps.marks.write_text("go")
    assert {end.outcome.failure for end in ends(steps, len(names)).values()} == {None}


def test_a_changed_environment_gets_another_process(steps, monkeypatch):
    first = steps.run("where")
    monkeypatch.setenv("SOMETHING", "else")
    assert steps.run("where")[0] != first[0]


def test_threads_and_loggers_of_a_step_write_to_its_log(steps):
    name = steps.start("spread", 5)
    assert steps.end().outcome.failure is None
    texts = [text for _, _, text in read_ended(steps.log(name), 0)[0]]
    assert texts == ["WARNING:root:logged 5", "thread 5", "pool 5"]


def test_what_goes_past_python_is_in_the_log_too(steps):
    name = steps.start("raw")
    assert steps.end().outcome.failure is None
    assert steps.log(name).read_text() == "raw bytes\nfrom a child\n"


def test_a_result_that_no_record_can_name_ends_its_step_with_that(steps):
    steps.start("named")
    assert ends(steps, 1).popitem()[1].outcome.failure.type == "UnicodeEncodeError"


def test_a_silent_step_has_no_log(steps):
    name = steps.start("where")
    assert steps.end().outcome.failure is None
    assert not steps.log(name).exists()


def test_ending_one_step_loses_the_others_of_its_process(steps):
    kill, other = meeting(steps, "meet", "meet")
    steps.executor.kill(kill)
    found = ends(steps, 2)
    assert (found[kill].lost, found[other].lost) == (False, True)
    assert found[kill].outcome.failure.message.startswith("it was ended")


def test_of_several_steps_in_a_dead_process_the_one_to_blame_is_found(steps):
    names = meeting(steps, "meet", "die")
    (steps.folder / "marks.txt.die").write_text("go")
    assert [ended.lost for ended in ends(steps, len(names)).values()] == [True, True]
    steps.marks.write_text("go")
    good, bad = steps.start("meet", 0), steps.start("die", 1)
    found = ends(steps, 2)
    assert found[good].outcome.failure is None
    assert "ended with code 4" in found[bad].outcome.failure.message
    assert not found[bad].lost


def test_a_killed_process_fails_its_only_step_and_the_next_has_another(steps):
    meeting(steps, "meet")
    steps.marks.write_text("go")
    ends(steps, 1)
    pid = steps.run("where")[0]
    steps.marks.unlink()
    (steps.folder / "marks.txt.0").unlink()
    meeting(steps, "meet")
    os.kill(pid, signal.SIGKILL)
    ended = steps.end()
    assert "killed by SIGKILL" in ended.outcome.failure.message
    assert steps.run("where")[0] != pid


def test_processes_of_versions_long_unused_are_ended(steps, monkeypatch):
    monkeypatch.setattr(thread, "_MAX_IDLE_HOSTS", 1)
    first = steps.run("where")[0]
    monkeypatch.setenv("SOMETHING", "else")
    second = steps.run("where")[0]
    until(lambda: is_gone(first))
    assert not is_gone(second)
