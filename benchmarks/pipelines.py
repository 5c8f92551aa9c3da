"""Pipelines against what they must cost at least, and against other tools: ``make bench BENCH=pipelines``.

Floors are measured in the same run: a bare fork of a process with the same libraries, Python's own fork
server, one durable commit of the same database, a bare interpreter. With ``--peers FOLDER`` the same row of
50 no-op steps is run by the tools that `peers.py` finds there.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import peers

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.compute import executors
from meguru.pipelines.runner import run_file

STEPS = 50
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
FORKS = """
import os, time
import {libraries}
start = time.perf_counter()
left, running = {count}, 0
while left or running:
    while left and running < {workers}:
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        left, running = left - 1, running + 1
    os.wait()
    running -= 1
print(time.perf_counter() - start)
"""
FLOW = f"""
import numpy, polars, sklearn.linear_model
from meguru import pipeline, step

@step
def again(x: int) -> int:
    return x + 1

@step(isolation="thread")
def light(x: int) -> int:
    return x + 1

@step
def numbers(first: int, count: int) -> list[int]:
    return list(range(first, first + count))

@pipeline
def row(x: int = 0):
    for _ in range({STEPS}):
        x = again(x)
    return x

@pipeline
def thin(x: int = 0):
    for _ in range({STEPS}):
        x = light(x)
    return x

@pipeline
def wide(x: int = 0, count: int = 1000):
    return again.map(numbers(x, count))
"""


def main() -> None:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--calls", type=int, default=1000, help="calls of the mapped step")
    asked.add_argument("--peers", type=Path, help="a folder with an environment for each other tool")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as name, open_local(f"{name}/ws", settings=Settings()) as ws:
        file = Path(name) / "flow.py"
        file.write_text(FLOW)
        for pipeline in ("row", "thin"):
            cold = timed(lambda pipeline=pipeline: run_file(ws, f"{file}:{pipeline}", {"x": -1000}))
            say(f"{pipeline}: {STEPS} steps, first run of the process, with imports", cold)
        wall = in_a_row(ws, file, name, given.rounds)
        threads(ws, file, given.rounds)
        mapped(ws, file, name, given.calls)
        cached = whole_process(name, file, given.rounds)
        executors.close()
    if given.peers:
        print()
        for tool, (first, again) in peers.measure(given.peers.resolve(), STEPS).items():
            print(f"  {tool}: {first / wall:.1f} x our row, each step a fresh process", end="; ")
            print(f"again {again / cached:.1f} x our cached run as a whole process")


def in_a_row(ws, file: Path, folder: str, rounds: int) -> float:
    forks, servers, runs, cached = [], [], [], []
    for round_ in range(rounds):
        forks.append(seconds_of(FORK, folder))
        servers.append(seconds_of(SERVER, folder))
        for times, ran in ((runs, STEPS), (cached, 0)):
            start = time.perf_counter()
            run = run_file(ws, f"{file}:row", {"x": round_ * 1000})
            times.append(time.perf_counter() - start)
            assert (run.state, run.ran) == ("succeeded", ran), run.failed
    wall, fork, server = map(statistics.median, (runs, forks, servers))
    say("bare fork of a process with the same libraries", fork)
    say("a no-op process of the standard fork server", server)
    say(f"{STEPS} steps in a row, each a fresh process", wall)
    step = wall / STEPS
    say("  one step, all included", step, f"{step / fork:.2f} x bare fork, {step / server:.2f} x fork server")
    say(f"{STEPS} steps, all cached, in a running process", statistics.median(cached))
    return wall


def threads(ws, file: Path, rounds: int) -> None:
    runs, commits = [], []
    for round_ in range(rounds):
        commits += [timed(lambda: commit(ws)) for _ in range(STEPS)]
        runs.append(timed(lambda round_=round_: run_file(ws, f"{file}:thin", {"x": round_ * 1000})))
    wall, floor = statistics.median(runs), statistics.median(commits)
    step = wall / STEPS
    say("one durable commit of the same database", floor)
    say(f"{STEPS} steps in a row, isolation thread", wall)
    say("  one step, all included", step, f"{(step - floor) * 1e3:+.2f} ms above a commit")


def commit(ws) -> None:
    from sqlalchemy import text

    with ws.db.write() as tx:
        tx.execute(text("UPDATE event_head SET seq = seq"))


def mapped(ws, file: Path, folder: str, calls: int) -> None:
    workers = os.cpu_count() or 1
    floor = seconds_of(FORKS.format(libraries=", ".join(LIBRARIES), count=calls, workers=workers), folder)
    wall = timed(lambda: run_file(ws, f"{file}:wide", {"x": 5, "count": calls}))
    say(f"{calls} bare forks, {workers} at a time", floor)
    say(f"a step mapped over {calls} items", wall, f"{wall / floor:.2f} x that")
    again = timed(lambda: run_file(ws, f"{file}:wide", {"x": 5, "count": calls}))
    say("  the same again, cached", again)


def whole_process(folder: str, file: Path, rounds: int) -> float:
    meguru = [sys.executable, "-m", "meguru", "run", f"{file}:row", "-p", "x=0", "-w", f"{folder}/ws"]
    cached, empty = [], []
    for _ in range(rounds):
        for times, command in ((cached, meguru), (empty, [sys.executable, "-c", "pass"])):
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            times.append(time.perf_counter() - start)
    whole, bare = statistics.median(cached), statistics.median(empty)
    say(
        f"meguru run, {STEPS} steps all cached, as a whole process",
        whole,
        f"{whole / bare:.1f} x python -c pass",
    )
    return whole


def timed(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def seconds_of(program: str, folder: str) -> float:
    file = Path(folder) / "floor.py"
    file.write_text(program)
    done = subprocess.run([sys.executable, file], capture_output=True, text=True, check=True)
    return float(done.stdout)


def say(what: str, seconds: float, note: str = "") -> None:
    print(f"{what:<60} {seconds * 1e3:9.1f} ms  {note}", flush=True)


if __name__ == "__main__":
    main()
