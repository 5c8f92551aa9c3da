"""A pipeline of twelve steps that tells when its steps run, and processes to be killed that run it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

FLOW = textwrap.dedent(
    """
    import os
    import time

    from meguru import pipeline, step


    def mark(marks, name):
        with open(marks, "a") as file:
            file.write(name + "\\n")
        print("ran", name)
        time.sleep(0.04)


    @step
    def load(marks: str, n: int) -> list[int]:
        mark(marks, "load")
        return list(range(n))


    @step
    def part(row: int, marks: str) -> int:
        mark(marks, f"part{row}")
        return row**2


    @step
    def total(marks: str, parts: list[int]) -> int:
        mark(marks, "total")
        return sum(parts)


    @step
    def halve(marks: str, total: int) -> float:
        mark(marks, "halve")
        return total / 2


    @step
    def report(marks: str, half: float) -> str:
        mark(marks, "report")
        return f"half is {half}"


    @pipeline
    def flow(marks: str, n: int = 8):
        rows = load(marks, n)
        return report(marks, halve(marks, total(marks, part.map(rows, marks=marks))))
    """
)
STEPS = 12
ASKED = os.environ.get("MEGURU_CRASH_MOMENTS")
MOMENTS = int(ASKED or "12")
TURNS = [turn if ASKED or turn < 4 else pytest.param(turn, marks=pytest.mark.soak) for turn in range(MOMENTS)]
"""Each a moment; some are enough before a merge, unless somebody says how many."""
SEED = int(os.environ.get("MEGURU_CRASH_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
EXPECTED = b'"half is 70.0"'
SESSION = uuid.uuid4().hex[:8]
"""Others may run these tests at the same time; the processes of their moments are not ours."""
ZYGOTE = textwrap.dedent(
    """
    # Forks a process for each line it reads, which does one run's job: no time goes into imports.
    import os, signal, sys
    from meguru.app.open import open_local
    from meguru.app.nouns import load_operations
    from meguru.base.settings import Settings
    from meguru.pipelines.runner import work_on
    from meguru.pipelines import job
    from meguru.compute import executors
    from meguru.compute.executors import process

    load_operations()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        place, run_job, name, lease = line.split()
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            os.environ["MEGURU_TEST_MOMENT"] = name
            try:
                settings = Settings(sqlite_synchronous="NORMAL", lease_seconds=float(lease))
                with open_local(place, settings=settings) as ws:
                    work_on(ws, run_job)
            finally:
                executors.close()
                os._exit(0)
        print(pid, flush=True)
    """
)


class Zygote:
    """Makes worker processes."""

    def __init__(self) -> None:
        self.workers: list[int] = []
        self.process = subprocess.Popen(
            [sys.executable, "-c", ZYGOTE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def worker(self, place: Path, job: str, name: str, lease: float) -> int:
        """Start a process that does a job; return its pid."""
        self.process.stdin.write(f"{place} {job} {mark_of(name)} {lease}\n")
        self.process.stdin.flush()
        self.workers.append(int(self.process.stdout.readline()))
        return self.workers[-1]

    def close(self) -> None:
        kill([pid for pid in self.workers if str(self.process.pid) == parent(pid)])
        self.process.communicate()


def started(marks: Path) -> Counter[str]:
    """Return how often each step began."""
    return Counter(marks.read_text().split())


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def parent(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def children(pid: int) -> list[int]:
    """Return the processes that a process started, from any of its threads."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += [int(child) for child in task.read_text().split()]
    return found


def mark_of(name: str) -> str:
    """Return what the processes of a moment have in their environment."""
    return f"{SESSION}.{name}"


def of_moment(name: str) -> list[int]:
    """Return the processes with the moment's name in their environment: fork servers and what they fork."""
    mark, found = f"MEGURU_TEST_MOMENT={mark_of(name)}\0".encode(), []
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal() and entry.name != str(os.getpid()):
            with suppress(OSError):
                if mark in Path(entry.path, "environ").read_bytes() and alive(int(entry.name)):
                    found.append(int(entry.name))
    return found


def kill(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def wait_for(what: str, true: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"waited {seconds:g} s in vain: {what}"
        time.sleep(0.01)


def note(text: str) -> None:
    """Say something that a report of a failure shows."""
    sys.stdout.write(text + "\n")
