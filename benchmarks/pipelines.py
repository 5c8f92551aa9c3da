"""50 no-op steps in a row, each in its own fresh process, against a bare fork of a preloaded process.

The bare fork is what isolation costs at least: a process that has the same libraries imported forks a child
that ends at once. Fully cached runs are measured inside a process and as a whole process.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.pipelines.process import shared
from meguru.pipelines.runner import run_file

STEPS = 50
ROUNDS = 5
LIBRARIES = ["numpy", "polars", "sklearn.linear_model"]
SAID = {
    "forks": "bare fork of a process with the same libraries",
    "cold": "50 steps, first run of the process, with imports",
    "runs": "50 steps in a row, each a fresh process",
    "cached": "50 steps, all cached",
    "whole": "the same as a whole process",
    "empty": "python -c pass",
}
FLOW = f"""
import numpy, polars, sklearn.linear_model
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
CACHED = """
import sys
from meguru.app.open import open_local
from meguru.pipelines.runner import run_file
with open_local(sys.argv[1]) as ws:
    run = run_file(ws, sys.argv[2], {"x": 0})
    assert run.cached == 50, run
"""
FORK = f"""
import os, time, statistics
import {", ".join(LIBRARIES)}
times = []
for _ in range(60):
    start = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    times.append(time.perf_counter() - start)
print(statistics.median(times[10:]))
"""


def clean_environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def bare_fork() -> float:
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> None:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as name, open_local(f"{name}/ws", settings=Settings()) as ws:
        file = Path(name) / "flow.py"
        file.write_text(FLOW)
        target = f"{file}:flow"
        start = time.perf_counter()
        run_file(ws, target, {"x": -1000})
        cold = time.perf_counter() - start
        runs, forks, cached = [], [], []
        for round_ in range(ROUNDS):
            forks.append(bare_fork())
            start = time.perf_counter()
            run = run_file(ws, target, {"x": round_ * 1000})
            runs.append(time.perf_counter() - start)
            assert (run.state, run.ran) == ("succeeded", STEPS), run.failed
            start = time.perf_counter()
            run = run_file(ws, target, {"x": round_ * 1000})
            cached.append(time.perf_counter() - start)
            assert run.cached == STEPS
        command = [sys.executable, "-c", CACHED, f"{name}/ws", target]
        whole, empty = [], []
        for _ in range(ROUNDS):
            for times, what in ((whole, command), (empty, [sys.executable, "-c", "pass"])):
                start = time.perf_counter()
                subprocess.run(what, check=True, env=clean_environment())
                times.append(time.perf_counter() - start)
        shared().close()
    show(cold=[cold], runs=runs, forks=forks, cached=cached, whole=whole, empty=empty)


def show(**seconds: list[float]) -> None:
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    step = medians["runs"] / STEPS
    for name, text in SAID.items():
        print(f"{text:<50} {medians[name] * 1e3:8.1f} ms")
    ratio = step / medians["forks"]
    print(f"{'one step, everything included':<50} {step * 1e3:8.1f} ms   {ratio:.2f} x bare fork")


if __name__ == "__main__":
    main()
