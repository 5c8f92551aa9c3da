"""The fork server: fresh processes, and nothing left behind."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from meguru.compute.code import ProjectSources
from meguru.compute.executors import Ended, process
from meguru.compute.executors.process import ForkServer
from meguru.compute.executors.work import PlainArgument, StepJob
from meguru.testing.contracts import executors as contract

STEPS = """
import os, sys, time
from pathlib import Path

def where(n: int) -> list[int]:
    return [os.getpid(), os.getppid(), "loaded" in sys.modules]

def pollute(n: int) -> int:
    sys.modules["loaded"] = sys
    return n

def hashed(n: int) -> list[str]:
    import random
    return [str(hash("x")), str(random.random())]

def has_own_reader(n: int) -> bool:
    import gc, polars
    return any(one is polars.read_csv for one in gc.get_objects())  # what was made before the fork is frozen

def sleep(n: int) -> int:
    time.sleep(600)

def stop_server(n: int) -> int:
    import signal
    os.kill(os.getppid(), signal.SIGSTOP)
    return n

def stand_in_the_way(n: int) -> int:
    Path(os.environ["MEGURU_STEP_METRICS"]).with_name("outcome.json").mkdir()

def named(n: int) -> Path:
    path = Path(os.fsdecode(b"\\xff.txt")).absolute()
    path.write_text("it can be written, and no record can name it")
    return path
"""


class Steps:
    def __init__(self, folder: Path, server: ForkServer) -> None:
        (folder / "steps.py").write_text(STEPS)
        self.folder, self.server, self.count = folder, server, 0
        self.ended: queue.Queue[Ended] = queue.Queue()

    def start(self, name: str) -> str:
        self.count += 1
        scratch = self.folder / str(self.count)
        scratch.mkdir()
        job = StepJob(
            function=f"steps:{name}",
            arguments={"n": PlainArgument(value=1)},
            many_outputs=False,
            folder=str(self.folder),
            sources=ProjectSources(self.folder / "steps.py").sources(),
            blobs=str(self.folder / "blobs"),
            scratch=str(scratch),
            seed=7,
        )
        self.server.start(
            scratch.name, job, log=scratch / "log", preload=["numpy", "polars"], done=self.ended.put
        )
        return scratch.name

    def run(self, name: str):
        self.start(name)
        outcome = self.ended.get(timeout=60).outcome
        assert outcome.failure is None
        digest = outcome.outputs[0].digest
        return __import__("json").loads((self.folder / "blobs" / digest[:2] / digest[2:]).read_bytes())


@pytest.fixture
def steps(tmp_path):
    server = ForkServer()
    yield Steps(tmp_path, server)
    server.close()


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_until_gone(pid: int) -> None:
    end = time.monotonic() + 60
    while not gone(pid):
        assert time.monotonic() < end, f"process {pid} lives on"
        time.sleep(0.01)


def test_each_step_has_a_process_of_its_own(steps):
    first, _ = steps.run("where"), steps.run("pollute")
    second = steps.run("where")
    assert first[0] != second[0]
    assert first[1] == second[1] != os.getpid()
    assert second[2] is False


def test_hashes_and_random_numbers_repeat(steps):
    assert steps.run("hashed") == steps.run("hashed")


def test_readers_of_preloaded_libraries_are_noted_once_and_not_in_each_child(steps):
    assert steps.run("has_own_reader") is False


def test_a_killed_step_is_reported_and_the_server_goes_on(steps):
    name = steps.start("sleep")
    steps.server.kill(name)
    failure = steps.ended.get(timeout=60).outcome.failure
    assert failure.message.startswith("its process was killed by SIGKILL")
    steps.run("where")


def test_a_killed_server_takes_its_steps_along_and_the_next_step_starts_another(steps):
    server = steps.run("where")[1]
    steps.start("sleep")
    os.kill(server, signal.SIGKILL)
    assert steps.ended.get(timeout=60).lost
    assert steps.run("where")[1] != server


def test_a_server_that_a_step_stopped_is_ended_and_those_that_wait_for_it_hear_of_it(steps, monkeypatch):
    monkeypatch.setattr(process, "OBEY_SECONDS", 0.5)
    server = steps.run("where")[1]
    steps.start("sleep")
    steps.run("stop_server")  # it ends by itself: its process tells so
    steps.start("sleep")
    for _ in range(2):
        ended = steps.ended.get(timeout=60)
        assert ended.lost
        assert "the fork server was stopped (SIGSTOP)" in ended.outcome.failure.message
    wait_until_gone(server)
    assert steps.run("where")[1] != server


def test_a_server_that_reads_nothing_is_ended_before_whoever_writes_to_it_waits_for_ever(steps, monkeypatch):
    monkeypatch.setattr(process, "OBEY_SECONDS", 0.5)
    monkeypatch.setattr(process, "_LOOKS", 1_000_000)  # nobody looks whether it is stopped
    server = steps.run("where")[1]
    name = steps.start("sleep")
    os.kill(server, signal.SIGSTOP)
    writing = threading.Thread(target=steps.server.warm, args=(["x" * 1000] * 10_000,), daemon=True)
    writing.start()
    steps.server.kill(name)
    assert steps.ended.get(timeout=60).lost
    writing.join(60)
    assert not writing.is_alive()
    wait_until_gone(server)
    assert steps.run("where")[1] != server


def test_a_server_that_is_only_busy_is_waited_for(steps, monkeypatch):
    monkeypatch.setattr(process, "OBEY_SECONDS", 0.2)
    monkeypatch.setattr(process, "_is_stopped", lambda _: False)  # as if it imported something for long
    server = steps.run("where")[1]
    os.kill(server, signal.SIGSTOP)
    goes_on = threading.Timer(1.5, os.kill, (server, signal.SIGCONT))
    goes_on.start()
    steps.server.warm(["x" * 1000] * 2000)  # more than the socket holds
    goes_on.join()
    assert steps.run("where")[1] == server


def test_an_outcome_that_can_not_be_read_ends_its_own_step_alone(steps):
    steps.start("sleep")
    steps.start("stand_in_the_way")
    failure = steps.ended.get(timeout=60).outcome.failure
    assert "ended with code 1" in failure.message
    assert steps.ended.empty()


def test_a_result_that_no_record_can_name_is_a_failure_that_says_so(steps, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    steps.start("named")
    assert steps.ended.get(timeout=60).outcome.failure.type == "UnicodeEncodeError"


def test_nothing_outlives_the_engine(tmp_path):
    program = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_executor_process import Steps, ForkServer
steps = Steps(Path({str(tmp_path)!r}), ForkServer())
steps.run("where")
steps.start("sleep")
print(steps.server._process.pid, flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as engine:
        server = int(engine.stdout.readline())
        children = Path(f"/proc/{server}/task/{server}/children")
        while not (pids := children.read_text().split()):
            time.sleep(0.01)
        engine.kill()
    for pid in [server, *map(int, pids)]:
        wait_until_gone(pid)


HUNGRY = """
import subprocess, sys, time
GRAB = "import time; x = b'x' * 200_000_000; time.sleep(600)"

def eat(n: int) -> int:
    x = b"x" * 200_000_000
    time.sleep(600)
    return n

def feed(n: int) -> int:
    subprocess.run([sys.executable, "-c", GRAB])
    return n

def modest(n: int) -> int:
    x = b"x" * 1_000_000
    time.sleep(0.3)
    return n
"""


@pytest.mark.parametrize("function", ["eat", "feed"])
def test_a_step_above_its_memory_is_ended_and_says_so(tmp_path, steps, function):
    hungry = contract.Steps(tmp_path / "hungry", steps.server, HUNGRY)
    hungry.start(function, memory=150_000_000)
    failure = hungry.end().outcome.failure
    assert failure.type == "MemoryLimit"
    assert failure.message.startswith("it used more than its 150 MB of memory (")


def test_libraries_that_were_there_before_the_fork_are_not_charged(tmp_path, steps):
    steps.server.warm(["numpy", "polars"])
    hungry = contract.Steps(tmp_path / "hungry", steps.server, HUNGRY)
    assert hungry.run("modest", memory=60_000_000) == 1


DAEMON = """
import os, time
from pathlib import Path

def detach(n: int) -> int:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            Path("PLACE").write_text(f"{os.getpid()} 0")
            time.sleep(600)
        os._exit(0)
    while not Path("PLACE").exists():
        time.sleep(0.01)
    return n
"""


def test_a_daemon_ends_with_the_step_that_started_it(tmp_path, steps):
    daemons = contract.Steps(tmp_path / "daemons", steps.server, DAEMON)
    assert daemons.run("detach") == 1
    wait_until_gone(daemons.lingering()[0])


def test_a_killed_server_takes_along_what_its_steps_started(tmp_path, steps):
    lingering = contract.Steps(tmp_path / "lingering", steps.server)
    server = steps.run("where")[1]
    lingering.start("linger")
    pids = lingering.lingering()
    os.kill(server, signal.SIGKILL)
    assert lingering.end().lost
    for pid in pids:
        wait_until_gone(pid)


def test_the_child_that_was_forked_ahead_has_the_environment_of_its_step(tmp_path, steps, monkeypatch):
    program = "import os\n\ndef read(n: int) -> str | None:\n    return os.environ.get('SAID')\n"
    reading = contract.Steps(tmp_path / "reading", steps.server, program)
    assert reading.run("read") is None
    monkeypatch.setenv("SAID", "now")
    assert reading.run("read") == "now"


LIMITED = """
import os

def threads(n: int) -> list[int]:
    import threadpoolctl
    return [one["num_threads"] for one in threadpoolctl.threadpool_info()]

def devices(n: int) -> str:
    return os.environ["CUDA_VISIBLE_DEVICES"]
"""


def test_a_step_has_as_many_threads_as_cores_in_libraries_loaded_before_the_fork_too(tmp_path, steps):
    steps.server.warm(["numpy", "polars", "sklearn.linear_model"])
    limited = contract.Steps(tmp_path / "limited", steps.server, LIMITED)
    found = limited.run("threads", cpu=1.0)
    assert len(found) > 1
    assert set(found) == {1}


def test_a_step_sees_the_accelerators_that_it_was_given(tmp_path, steps, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    limited = contract.Steps(tmp_path / "limited", steps.server, LIMITED)
    assert limited.run("devices", devices=[0, 2]) == "0,2"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,6,7")
    assert limited.run("devices", devices=[0, 2]) == "5,7"
