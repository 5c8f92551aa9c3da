"""Kill -9 in the middle of a pipeline: it goes on, no finished step runs twice, nothing is left behind."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.kernel import events
from meguru.pipelines.runner import run_file
from meguru.pipelines.show import list_runs, show_run

pytestmark = pytest.mark.crash
SETTINGS = Settings(sqlite_synchronous="NORMAL", lease_seconds=1.0)
FLOW = textwrap.dedent(
    """
    import os
    import time

    from meguru import pipeline, step

    def mark(marks, name):
        with open(marks, "a") as file:
            file.write(f"{name} {os.getpid()} {os.getppid()}\\n")
        time.sleep(0.08)

    @step
    def load(marks: str, n: int) -> list[int]:
        mark(marks, "load")
        return list(range(n))

    @step
    def double(marks: str, rows: list[int], times: int) -> list[int]:
        mark(marks, f"double{times}")
        return [row * times for row in rows]

    @step
    def total(marks: str, rows: list[list[int]]) -> int:
        mark(marks, "total")
        return sum(map(sum, rows))

    @step
    def report(marks: str, total: int) -> str:
        mark(marks, "report")
        return f"total {total}"

    @pipeline
    def flow(marks: str, n: int = 10):
        rows = load(marks, n)
        return report(marks, total(marks, [double(marks, rows, times) for times in (1, 2, 3, 4)]))
    """
)
PROGRAM = textwrap.dedent(
    """
    import sys

    from meguru.app.open import open_local
    from meguru.base.settings import Settings
    from meguru.pipelines.runner import run_file

    settings = Settings(sqlite_synchronous="NORMAL", lease_seconds=1.0)
    with open_local(sys.argv[1], settings=settings) as ws:
        run_file(ws, sys.argv[2], {"marks": sys.argv[3]})
    """
)
STEPS = 7
EXPECTED = b'"total 450"'


class Flow:
    def __init__(self, folder: Path) -> None:
        self.workspace, self.marks, self.file = folder / "ws", folder / "marks", folder / "flow.py"
        self.file.write_text(FLOW)
        self.marks.write_text("")

    def lines(self) -> list[list[str]]:
        return [line.split() for line in self.marks.read_text().splitlines()]

    def started(self) -> Counter[str]:
        return Counter(line[0] for line in self.lines())

    def run_until_killed(self, starts: int, delay: float) -> bool:
        """Kill the process `delay` seconds after so many starts of steps; False if it ended before."""
        command = [sys.executable, "-c", PROGRAM, str(self.workspace), f"{self.file}:flow", str(self.marks)]
        with subprocess.Popen(command) as process:
            while len(self.lines()) < starts and process.poll() is None:
                time.sleep(0.005)
            time.sleep(delay)
            process.kill()
        return process.returncode == -signal.SIGKILL

    def wait_until_nothing_is_left(self) -> None:
        end = time.monotonic() + 60
        for pid in {int(pid) for line in self.lines() for pid in line[1:]}:
            while alive(pid):
                assert time.monotonic() < end, f"process {pid} lives on"
                time.sleep(0.02)

    def finished(self) -> set[str]:
        """Return the keys of the steps that were committed as done."""
        with open_local(self.workspace, settings=SETTINGS) as ws, ws.read() as tx:
            told = events.read(tx, types=["step_run.succeeded"], limit=1000)
        return {event.data["step"] for event in told}


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


NAMES = {"double": "double1", "double-2": "double2", "double-3": "double3", "double-4": "double4"}


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in (1, 2, 3))])
def test_a_killed_run_goes_on_where_it_was(tmp_path, seed):
    flow, chance = Flow(tmp_path), random.Random(seed)
    kept: dict[str, int] = {}
    kills = 0
    while kills < 3 and flow.run_until_killed(
        len(flow.lines()) + chance.randint(1, 3), chance.uniform(0, 0.2)
    ):
        kills += 1
        flow.wait_until_nothing_is_left()
        kept |= {NAMES.get(key, key): flow.started()[NAMES.get(key, key)] for key in flow.finished()}
        time.sleep(1.1)  # the dead process's lease runs out
    with open_local(flow.workspace, settings=SETTINGS) as ws:
        run = run_file(ws, f"{flow.file}:flow", {"marks": str(flow.marks)})
        assert run.failed is None
        assert ws.blobs.get_bytes(run.steps[-1].outputs[0].digest) == EXPECTED
        outputs = [step.outputs[0].digest for step in run.steps]
        for one in list_runs(ws).items:
            assert one.state.value == "succeeded"
            assert [step.outputs[0].digest for step in show_run(ws, ref=one.id).steps] == outputs
    started = flow.started()
    assert {name: started[name] for name in kept} == kept, "a finished step ran again"
    assert sum(started.values()) <= STEPS + 2 * kills, "a kill cost more than the two steps in flight"


def test_a_killed_fork_server_costs_only_the_steps_in_flight(tmp_path):
    flow = Flow(tmp_path)
    killed: list[int] = []

    def kill_once(step):
        if not killed and step.step == "total" and step.state.value == "running":
            while flow.lines()[-1][0] != "total":
                time.sleep(0.005)
            killed.append(int(flow.lines()[-1][2]))
            os.kill(killed[0], signal.SIGKILL)

    def watch(step):
        threading.Thread(target=kill_once, args=(step,)).start()

    with open_local(flow.workspace, settings=SETTINGS) as ws:
        run = run_file(ws, f"{flow.file}:flow", {"marks": str(flow.marks)}, progress=watch)
        assert run.failed is None
        assert ws.blobs.get_bytes(run.steps[-1].outputs[0].digest) == EXPECTED
    assert killed
    assert flow.started() == Counter(dict.fromkeys(flow.started(), 1)) + Counter(total=1)


def test_the_run_of_a_dead_process_is_shown_as_interrupted(tmp_path):
    flow = Flow(tmp_path)
    assert flow.run_until_killed(2, 0)
    time.sleep(1.1)
    with open_local(flow.workspace, settings=SETTINGS) as ws:
        (run,) = list_runs(ws).items
    assert (run.state.value, run.interrupted) == ("running", True)
