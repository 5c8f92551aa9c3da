"""What every executor promises."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from meguru.artifacts import trees
from meguru.compute import snapshot
from meguru.compute.code import ProjectSources
from meguru.compute.executors import Ended, Executor
from meguru.compute.executors.work import PlainArgument, StepJob
from meguru.compute.logs.files import read_ended
from meguru.storage.blobs import open_store

STEPS = """
import os, random, subprocess, sys, time
from pathlib import Path

KEPT = []

class Odd(Exception):
    def __init__(self, value):
        self.value = lambda: value
    def __str__(self):
        return "odd thing"

def double(n: int) -> int:
    return 2 * n

def fail(n: int) -> int:
    raise Odd(n)

def leave(n: int) -> int:
    os._exit(3)

def stop(n: int) -> int:
    sys.exit("enough")

def tell(n: int) -> int:
    print(f"said {n}")
    print(f"warned {n}", file=sys.stderr)
    return n

def draw(n: int) -> float:
    return random.random()

def pollute(n: int) -> int:
    KEPT.append(n)
    return len(KEPT)

def where(n: int) -> int:
    return os.getpid()

def linger(n: int) -> int:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path("PLACE").write_text(f"{os.getpid()} {child.pid}")
    time.sleep(600)
    return n
"""


class Steps:
    """Starts steps of one small module on an executor, and waits for their ends."""

    def __init__(self, folder: Path, executor: Executor, text: str = STEPS, **always: Any) -> None:
        self.always = always
        self.folder, self.executor, self.count = folder, executor, 0
        self.marks = folder / "marks.txt"
        self.ended: queue.Queue[tuple[str, Ended]] = queue.Queue()
        (folder / "project").mkdir(parents=True, exist_ok=True)
        (folder / "project" / "steps.py").write_text(text.replace("PLACE", str(self.marks)))
        self.blobs = open_store(folder / "blobs")
        project = ProjectSources(folder / "project" / "steps.py")
        self.sources, self.snapshot = project.sources(), snapshot.upload(self.blobs, project)
        self.source = trees.fetch(self.blobs, self.snapshot, folder / "sources" / self.snapshot)

    def start(self, function: str, n: Any = 1, **more: Any) -> str:
        """Start a step; return its name."""
        self.count += 1
        name = f"{function}-{self.count}"
        (self.folder / name).mkdir()
        self.executor.start(
            name,
            StepJob(
                function=f"steps:{function}",
                arguments={"n": PlainArgument(value=n)},
                many_outputs=False,
                folder=str(self.source),
                sources=self.sources,
                snapshot=self.snapshot,
                blobs=self.blobs.url,
                scratch=str(self.folder / name),
                seed=7,
                **self.always | more,
            ),
            log=self.log(name),
            preload=[],
            done=lambda ended: self.ended.put((name, ended)),
        )
        return name

    def end(self) -> Ended:
        """Wait for the next end of a step."""
        return self.ended.get(timeout=120)[1]

    def run(self, function: str, n: Any = 1, **more: Any) -> Any:
        """Run a step; return what it returned."""
        self.start(function, n, **more)
        outcome = self.end().outcome
        assert outcome.failure is None, outcome.failure
        return msgspec.json.decode(self.blobs.get_bytes(outcome.outputs[0].digest))

    def log(self, name: str) -> Path:
        """Return where a step's log is."""
        return self.folder / name / "log.txt"

    def lingering(self) -> list[int]:
        """Wait until the step `linger` runs; return its process and the process that it started."""
        until(lambda: self.marks.exists() and len(self.marks.read_text().split()) == 2)
        pids = [int(pid) for pid in self.marks.read_text().split()]
        self.marks.unlink()
        return pids


def until(met: Any, seconds: float = 60) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def is_gone(pid: int) -> bool:
    """Tell whether a process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


class ExecutorContract:
    """Subclass it, with a fixture `executor` that closes it in the end.

    `always` are fields of every `StepJob` that the executor needs.
    """

    @pytest.fixture
    def always(self) -> dict[str, Any]:
        """Return what every step of the executor needs to be told."""
        return {}

    @pytest.fixture
    def executor(self) -> Iterator[Executor]:
        """Return the executor under test."""
        raise NotImplementedError

    @pytest.fixture
    def steps(self, executor: Executor, tmp_path: Path, always: dict[str, Any]) -> Steps:
        """Return a module of steps on the executor."""
        return Steps(tmp_path, executor, **always)

    def test_what_a_step_returns_is_in_the_blob_store(self, steps: Steps) -> None:
        assert steps.run("double", 21) == 42

    def test_small_outputs_come_with_the_outcome_when_they_need_not_be_durable_yet(
        self, steps: Steps
    ) -> None:
        for soon in (True, False):
            steps.start("double", 21, soon=soon)
            outcome = steps.end().outcome
            (output,) = outcome.outputs
            assert outcome.soon == ({output.digest: b"42"} if soon else {})
            assert steps.blobs.get_bytes(output.digest) == b"42"

    def test_it_runs_outside_this_process(self, steps: Steps) -> None:
        assert steps.run("where") != os.getpid()

    def test_a_failure_has_type_message_and_the_authors_line(self, steps: Steps) -> None:
        steps.start("fail")
        ended = steps.end()
        failure = ended.outcome.failure
        assert failure is not None
        assert (failure.type, failure.message, ended.lost) == ("Odd", "odd thing", False)
        assert "steps.py" in failure.traceback
        assert "raise Odd(n)" in failure.traceback

    @pytest.mark.parametrize("function", ["leave", "stop"])
    def test_a_step_that_exits_fails_alone(self, steps: Steps, function: str) -> None:
        steps.start(function)
        assert steps.end().outcome.failure is not None
        assert steps.run("double", 4) == 8

    def test_each_log_has_what_its_own_step_printed(self, steps: Steps) -> None:
        names = {steps.start("tell", n): n for n in range(4)}
        for _ in names:
            assert steps.end().outcome.failure is None
        for name, n in names.items():
            said = sorted((stream, text) for _, stream, text in read_ended(steps.log(name), 0)[0])
            assert said == [("err", f"warned {n}"), ("out", f"said {n}")]

    def test_random_numbers_repeat(self, steps: Steps) -> None:
        assert steps.run("draw") == steps.run("draw")

    def test_a_fresh_step_sees_nothing_of_the_one_before(self, steps: Steps) -> None:
        seen = [steps.run("pollute"), steps.run("pollute")]
        assert seen == ([1, 1] if steps.executor.fresh else [1, 2])

    def test_two_versions_of_a_project_do_not_mix(self, steps: Steps, executor: Executor) -> None:
        other = Steps(steps.folder / "other", executor, STEPS.replace("2 * n", "3 * n"), **steps.always)
        assert [steps.run("double", 1), other.run("double", 1), steps.run("double", 1)] == [2, 3, 2]

    def test_a_killed_step_ends_with_all_that_it_started(self, steps: Steps, executor: Executor) -> None:
        name = steps.start("linger")
        pids = steps.lingering()
        executor.kill(name)
        assert steps.end().outcome.failure is not None
        for pid in pids:
            until(lambda pid=pid: is_gone(pid))
        executor.kill(name)
        assert steps.run("double", 4) == 8
        assert steps.ended.empty()

    def test_closing_ends_the_steps_and_a_later_step_opens_it_again(
        self, steps: Steps, executor: Executor
    ) -> None:
        steps.start("linger")
        pids = steps.lingering()
        executor.close()
        assert steps.end().outcome.failure is not None
        for pid in pids:
            until(lambda pid=pid: is_gone(pid))
        assert steps.run("double", 4) == 8
