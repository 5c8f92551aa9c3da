"""A run of 50 cached steps as a whole process: `meguru run FILE.py:PIPELINE`, started anew each time.

Beside it, in the same rounds: a bare interpreter, the import of SQLAlchemy alone (which such a run does
without), and `meguru --help`. The machine's load moves wall times, so ratios and CPU times count. With
``ARGS="--metaflow PYTHON"`` it also measures Metaflow's `resume` of the same 50 steps, by that interpreter.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STEPS = 50
ROUNDS = 15
FLOW = f"""
from meguru import pipeline, step

@step
def again(x: int) -> int:
    return x + 1

@pipeline
def flow(x: int = 0):
    for _ in range({STEPS}):
        x = again(x)
    return x
"""
_STEPS = "\n".join(
    f"""
    @step
    def s{n}(self):
        self.x += 1
        self.next(self.{f"s{n + 1}" if n < STEPS else "end"})"""
    for n in range(1, STEPS + 1)
)
METAFLOW = f"""
from metaflow import FlowSpec, step

class Flow(FlowSpec):
    @step
    def start(self):
        self.x = 0
        self.next(self.s1)
{_STEPS}
    @step
    def end(self):
        pass

if __name__ == "__main__":
    Flow()
"""


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measured(commands: dict[str, list[str]], folder: Path) -> dict[str, tuple[float, float]]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            start, before = time.perf_counter(), cpu_seconds()
            subprocess.run(command, check=True, cwd=folder, env=environment, capture_output=True)
            times[name].append((time.perf_counter() - start, cpu_seconds() - before))
    return {
        name: (
            statistics.median(wall for wall, _ in found[1:]),
            statistics.median(cpu for _, cpu in found[1:]),
        )
        for name, found in times.items()
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "flow.py").write_text(FLOW)
        meguru = [sys.executable, "-m", "meguru"]
        run = [*meguru, "run", "flow.py:flow", "-w", "ws"]
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "import sqlalchemy": [sys.executable, "-c", "import sqlalchemy"],
            "meguru --help": [*meguru, "--help"],
            f"meguru run, {STEPS} steps cached": run,
        }
        subprocess.run(run, check=True, cwd=folder, capture_output=True)
        if "--metaflow" in sys.argv:
            python = sys.argv[sys.argv.index("--metaflow") + 1]
            (folder / "mf.py").write_text(METAFLOW)
            subprocess.run([python, "mf.py", "--quiet", "run"], check=True, cwd=folder, capture_output=True)
            commands["metaflow resume"] = [python, "mf.py", "--quiet", "resume", "end"]
        else:
            print("Metaflow is not measured: give --metaflow PYTHON, an interpreter that has it")
        show(measured(commands, folder))
        done = subprocess.run(run, check=True, cwd=folder, capture_output=True, text=True)
        assert f"cached {STEPS}" in done.stdout, done.stdout


def show(medians: dict[str, tuple[float, float]]) -> None:
    floor, least = medians["python -c pass"]
    for name, (wall, cpu) in medians.items():
        print(
            f"{name:<30} {wall * 1e3:7.1f} ms {wall / floor:6.1f} x a bare interpreter, "
            f"{cpu * 1e3:7.1f} ms of CPU {cpu / least:6.1f} x"
        )


if __name__ == "__main__":
    main()
