"""50 no-op steps in a row, each in its own fresh process, against what isolation costs at least.

Two floors, with the same libraries imported: a process that forks a child which ends at once, and a no-op
process of Python's own fork server. Fully cached runs are measured inside a process and as a whole process.
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
from meguru.pipelines import executors
from meguru.pipelines.runner import run_file

STEPS = 50
ROUNDS = 5
LIBRARIES = ["numpy", "polars", "sklearn.linear_model"]
SERVER = f"""
import multiprocessing, statistics, time
from os import getpid

if __name__ == "__main__":
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload({LIBRARIES})
    times = []
    for _ in range(40):
        start = time.perf_counter()
        process = context.Process(target=getpid)
        process.start()
        process.join()
        times.append(time.perf_counter() - start)
    print(statistics.median(times[10:]))
"""
SAID = {
    "servers": "a no-op process of the standard fork server",
    "forks": "bare fork of a process with the same libraries",
    "cold": "50 steps, first run of the process, with imports",
    "runs": "50 steps in a row, each a fresh process",
    "cached": "50 steps, all cached",
    "whole": "the same as a whole process",
    "empty": "python -c pass",
}
NAMES = {"forks": "bare fork", "servers": "fork server"}
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


def seconds_of(program: str, folder: str) -> float:
    file = Path(folder) / "floor.py"
    file.write_text(program)
    done = subprocess.run([sys.executable, file], capture_output=True, text=True, check=True)
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
        runs, forks, servers, cached = [], [], [], []
        for round_ in range(ROUNDS):
            forks.append(seconds_of(FORK, name))
            servers.append(seconds_of(SERVER, name))
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
        executors.close()
    show(cold=[cold], runs=runs, forks=forks, servers=servers, cached=cached, whole=whole, empty=empty)


def show(**seconds: list[float]) -> None:
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    step = medians["runs"] / STEPS
    for name, text in SAID.items():
        print(f"{text:<50} {medians[name] * 1e3:8.1f} ms")
    for floor, text in NAMES.items():
        print(f"{'one step, all included':<50} {step * 1e3:8.1f} ms, {step / medians[floor]:.2f} x {text}")


if __name__ == "__main__":
    main()
