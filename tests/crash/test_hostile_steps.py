"""Steps that do what no step should: each ends, says why, leaves nothing behind, and harms no other."""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from pathlib import Path

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.pipelines.logs.read import read_log
from meguru.pipelines.runner import run_file

pytestmark = pytest.mark.crash
SETTINGS = Settings(sqlite_synchronous="NORMAL", lease_seconds=5.0)
STEPS = r'''
import os, shutil, signal, subprocess, sys, threading, time
from pathlib import Path

from meguru import pipeline, step

MB = 1 << 20


class Unpicklable(Exception):
    def __init__(self):
        self.lock, self.call = threading.Lock(), lambda: None
        super().__init__("can't be pickled")


class Mute(Exception):
    def __str__(self):
        raise SystemExit("no words")


def known(pids):
    """Write down a process, so that the test can see whether it is gone."""
    with open(pids, "a") as file:
        file.write(f"{os.getpid()}\n")


def forks_daemons(pids):
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.setsid()
                known(pids)
                time.sleep(600)
            os._exit(0)
    while len(Path(pids).read_text().split()) < 4:
        time.sleep(0.01)
    raise ValueError("left daemons")


def keeps_a_child(pids):
    subprocess.Popen(["sh", "-c", f"echo $$ >> {pids}; exec sleep 600"], start_new_session=True)
    while len(Path(pids).read_text().split()) < 2:
        time.sleep(0.01)
    raise ValueError("left a child")


def forks_many(pids):
    for _ in range(200):
        if os.fork() == 0:
            known(pids)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(600)
    time.sleep(600)


def ignores_terminate(pids):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    time.sleep(600)


def deadlocks(pids):
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def stops_itself(pids):
    os.kill(os.getpid(), signal.SIGSTOP)


def leaves_a_thread(pids):
    threading.Thread(target=time.sleep, args=(600,)).start()
    raise ValueError("left a thread")


def takes_memory(pids):
    kept = []
    for _ in range(50):
        kept.append(b"x" * (20 * MB))
        time.sleep(0.05)
    time.sleep(600)


class Deep:
    def __repr__(self):
        return repr(self)


def overflows(pids):
    sys.setrecursionlimit(10**9)
    return repr(Deep())


def closes_its_output(pids):
    os.close(1)
    os.close(2)
    raise ValueError("closed")


def closes_everything(pids):
    os.closerange(0, 4096)
    raise ValueError("closed all")


def goes_elsewhere(pids):
    os.chdir("/")
    os.umask(0o777)
    raise ValueError("elsewhere")


def deletes_its_folder(pids):
    shutil.rmtree(Path(os.readlink("/proc/self/fd/1")).parent)
    raise ValueError("deleted")


def prints_much(pids):
    line = "x" * 99
    for _ in range(1000):
        sys.stdout.write((line + "\n") * 1000)
    raise ValueError("printed")


def prints_one_line(pids):
    print("y" * (100 * MB))
    raise ValueError("printed")


def raises_odd_text(pids):
    raise ValueError("lone \udcff and \x00 and " + "long " * 100_000)


def raises_unpicklable(pids):
    raise Unpicklable


def raises_mute(pids):
    raise Mute


def raises_odd_type(pids):
    raise type("Odd" * 100_000, (Exception,), {})("odd")


def interrupts(pids):
    raise KeyboardInterrupt


def exits(pids):
    sys.exit("bye")


def exits_at_once(pids):
    os._exit(0)


def kills_itself(pids):
    os.kill(os.getpid(), signal.SIGKILL)


def kills_its_group(pids):
    os.killpg(0, signal.SIGKILL)


def crashes(pids):
    import ctypes
    ctypes.string_at(0)


def returns_a_socket(pids):
    import socket
    return socket.socket()


def returns_nothing(pids):
    return None


def returns_itself(pids):
    endless = []
    endless.append(endless)
    return endless


@step(timeout=150, cache=False, resources={"memory": "400MB"})
def limited(how: str, pids: str) -> object:
    known(pids)
    return globals()[how](pids)


@step(timeout=1.0, cache=False)
def timed(how: str, pids: str) -> object:
    known(pids)
    return globals()[how](pids)


@step(timeout=2.0, cache=False, isolation="thread")
def threaded(how: str, pids: str) -> object:
    return globals()[how](pids)


@step(cache=False)
def innocent(pids: str) -> int:
    return 1


@step(cache=False)
def after(n: int) -> int:
    return n + 1


@pipeline
def hostile(how: str, pids: str):
    return [limited(how, pids), after(innocent(pids))]


@pipeline
def slow(how: str, pids: str):
    return [timed(how, pids), after(innocent(pids))]


@pipeline
def threads(how: str, pids: str):
    return [threaded(how, pids), after(innocent(pids))]


def damages_blobs(pids):
    """Change what the steps beside it have stored, and leave files that nobody asked for."""
    blobs = Path(pids).parent / "ws" / "blobs"
    for blob in [path for path in blobs.glob("??/*") if path.stat().st_size < 100]:
        blob.chmod(0o644)
        blob.write_bytes(b"changed")
    (blobs / "zz").mkdir(exist_ok=True)
    (blobs / "zz" / "junk").write_bytes(b"junk")
    (blobs / "tmp" / "junk").write_bytes(b"junk")
    return 7


@step(cache=False)
def damages(n: int, pids: str) -> int:
    return damages_blobs(pids)


@step(cache=False)
def reads(n: int, m: int) -> int:
    return n + m


@pipeline
def damage(pids: str):
    n = innocent(pids)
    return reads(n, damages(n, pids))
'''
FAILS = {
    "forks_daemons": ("ValueError", "left daemons"),
    "keeps_a_child": ("ValueError", "left a child"),
    "leaves_a_thread": ("ValueError", "left a thread"),
    "takes_memory": ("MemoryLimit", r"used more than its 400 MB of memory"),
    "overflows": ("ProcessDied", "killed by SIGSEGV"),
    "closes_its_output": ("ValueError", "closed"),
    "closes_everything": ("ValueError", "closed all"),
    "goes_elsewhere": ("ValueError", "elsewhere"),
    "deletes_its_folder": ("ValueError", "deleted"),
    "raises_odd_text": ("ValueError", r"lone \\udcff and .* long long"),
    "raises_unpicklable": ("Unpicklable", "can't be pickled"),
    "raises_mute": ("Mute", "message can't be read"),
    "raises_odd_type": ("OddOdd", "odd"),
    "interrupts": ("KeyboardInterrupt", ""),
    "exits": ("SystemExit", "bye"),
    "exits_at_once": ("ProcessDied", "ended with code 0 before the step returned"),
    "kills_itself": ("ProcessDied", "killed by SIGKILL"),
    "kills_its_group": ("ProcessDied", "killed by SIGKILL"),
    "crashes": ("ProcessDied", "killed by SIGSEGV"),
    "returns_a_socket": ("InvalidInput|Unsupported", "socket"),
    "returns_itself": ("", ""),
}
IN_A_THREAD = (
    *("exits", "exits_at_once", "crashes", "kills_itself", "leaves_a_thread", "closes_its_output"),
    *("raises_odd_text", "raises_mute", "returns_a_socket", "returns_itself", "interrupts"),
)
TIMED = ("forks_many", "ignores_terminate", "deadlocks", "stops_itself")


class Hostile:
    def __init__(self, ws, folder: Path) -> None:
        self.ws, self.folder, self.pids = ws, folder, folder / "pids"
        (folder / "steps.py").write_text(STEPS)
        self.pids.write_text("")

    def run(self, how: str, pipeline: str = "hostile"):
        return run_file(
            self.ws, f"{self.folder / 'steps.py'}:{pipeline}", {"how": how, "pids": str(self.pids)}
        )

    def left(self) -> list[int]:
        return [int(pid) for pid in self.pids.read_text().split() if alive(int(pid))]

    def wait_until_nothing_is_left(self) -> None:
        end = time.monotonic() + 60
        while self.left() and time.monotonic() < end:
            time.sleep(0.02)
        assert self.left() == []
        assert list((self.ws.root / "cache" / "steps").iterdir()) == []


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One workspace and one project for all: what one step does must not reach the next."""
    folder = tmp_path_factory.mktemp("hostile")
    with open_local(folder / "ws", settings=SETTINGS) as ws:
        yield Hostile(ws, folder)


@pytest.fixture
def hostile(shared):
    yield shared
    for pid in shared.left():
        with suppress(ProcessLookupError):
            os.kill(pid, 9)
    shared.pids.write_text("")


def failed_alone(run, step: str, kind: str, message: str) -> None:
    assert run.state.value == "failed"
    assert run.failed.step == step
    assert re.match(kind, run.failed.type)
    assert re.search(message, run.failed.message, re.DOTALL)
    assert len(run.failed.message) < 5000
    assert len(run.failed.type) <= 200
    states = {one.step: one.state.value for one in run.steps}
    assert states[step] == "failed"
    assert states["innocent"] in {"succeeded", "skipped"}


@pytest.mark.parametrize("how", FAILS)
def test_a_hostile_step_fails_with_its_reason_and_leaves_nothing(hostile, how):
    failed_alone(hostile.run(how), "limited", *FAILS[how])
    hostile.wait_until_nothing_is_left()


@pytest.mark.parametrize("how", TIMED)
def test_a_step_beyond_its_time_ends_with_all_that_it_started(hostile, how):
    failed_alone(hostile.run(how, "slow"), "timed", "", r"longer than its limit of 1 s")
    hostile.wait_until_nothing_is_left()


@pytest.mark.parametrize("how", ["prints_much", "prints_one_line"])
def test_of_what_a_step_prints_beyond_all_bounds_the_ends_are_kept(hostile, how):
    run = hostile.run(how)
    failed_alone(run, "limited", "ValueError", "printed")
    page = read_log(hostile.ws, ref=f"{run.id}.limited", tail=3)
    assert page.dropped > 80 << 20
    hostile.wait_until_nothing_is_left()


@pytest.mark.parametrize("how", IN_A_THREAD)
def test_a_hostile_step_in_a_thread_fails_with_its_reason(hostile, how):
    failed_alone(hostile.run(how, "threads"), "threaded", *FAILS[how])
    hostile.wait_until_nothing_is_left()


def test_a_step_in_a_thread_that_deadlocks_ends_at_its_limit_of_time(hostile):
    failed_alone(hostile.run("deadlocks", "threads"), "threaded", "", r"longer than its limit of 2 s")
    hostile.wait_until_nothing_is_left()


def test_a_damaged_output_is_refused_by_the_step_that_needs_it_and_made_again_by_the_next_run(hostile):
    place = f"{hostile.folder / 'steps.py'}:damage"
    run = run_file(hostile.ws, place, {"pids": str(hostile.pids)})
    assert (run.failed.step, run.failed.type) == ("reads", "DigestMismatch")
    assert "was changed after it was written" in run.failed.message
    assert hostile.run("returns_nothing").state.value == "succeeded"
