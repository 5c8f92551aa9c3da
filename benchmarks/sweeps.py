"""What a trial of a sweep costs beside a bare run of the same pipeline, and the answers of a long sweep.

The pipeline has a step that all trials share (cached after the first) and one in a fresh process. Bare runs
and trials take turns in one process, so that both see the same load. For comparison: Optuna alone, with its
SQLite storage, calling a function in this process (no isolation, no cache, no record of a run).
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import optuna

from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.pipelines.load import register_file
from meguru.pipelines.runner import work_on
from meguru.pipelines.start import start as start_run
from meguru.sweeps import show
from meguru.sweeps.runner import see_through, start_file
from meguru.sweeps.stop import resume
from meguru.sweeps.types import Search

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 4
BATCH = 10
LONG = 200
FLOW = """
from meguru import pipeline, step

@step
def load(n: int) -> list[int]:
    return list(range(n))

@step
def score(rows: list[int], x: float) -> float:
    return -(x - 0.3) ** 2

@pipeline
def flow(x: float, n: int = 10):
    return score(load(n), x)
"""


def bare(ws, version, number):
    run = start_run(ws, pipeline=version.ref, params={"x": 1000.0 + number})
    work_on(ws, run.job)


def swept(ws, file, sampler, seed):
    """Time a sweep of a batch; the time per trial."""
    began = time.perf_counter()
    made = start_file(
        ws, file, {"x": "uniform:0..1"}, Search(metric="v", trials=BATCH, sampler=sampler, seed=seed)
    )
    found = see_through(ws, made)
    assert found.counts == {"succeeded": BATCH}, found
    return (time.perf_counter() - began) / BATCH


def optuna_alone(folder, number):
    study = optuna.create_study(
        storage=f"sqlite:///{folder}/optuna.db", study_name=str(number), direction="maximize"
    )
    began = time.perf_counter()
    study.optimize(lambda trial: -((trial.suggest_float("x", 0, 1) - 0.3) ** 2), n_trials=BATCH)
    return (time.perf_counter() - began) / BATCH


def long_answers(ws, file):
    """Grow one sweep to many trials; time its answers, and its last trials."""
    made = start_file(ws, file, {"x": "uniform:2..3"}, Search(metric="v", trials=LONG - BATCH, seed=99))
    see_through(ws, made)
    began = time.perf_counter()
    see_through(ws, resume(ws, sweep=made.id, trials=LONG))
    last = (time.perf_counter() - began) / BATCH
    times = []
    for _ in range(5):
        began = time.perf_counter()
        show.show(ws, sweep=made.id)
        assert len(show.trials(ws, sweep=made.id).items) == LONG
        times.append(time.perf_counter() - began)
    return last, statistics.median(times)


def main():
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    load_operations()
    times = {"bare": [], "random": [], "tpe": [], "optuna": []}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "flow.py"
        file.write_text(FLOW)
        with open_local(Path(folder) / "ws", settings=Settings()) as ws:
            version = register_file(ws, f"{file}:flow")
            bare(ws, version, 0)
            swept(ws, f"{file}:flow", "tpe", 1000)
            for turn in range(ROUNDS):
                began = time.perf_counter()
                for number in range(BATCH):
                    bare(ws, version, 1 + turn * BATCH + number)
                times["bare"].append((time.perf_counter() - began) / BATCH)
                for sampler in ("random", "tpe"):
                    times[sampler].append(swept(ws, f"{file}:flow", sampler, turn))
                times["optuna"].append(optuna_alone(folder, turn))
            last, answer = long_answers(ws, f"{file}:flow")
    middle = {name: statistics.median(found) for name, found in times.items()}
    print(f"medians of {ROUNDS} rounds of {BATCH}, ms a run or trial")
    said = {
        "bare": "bare run of the pipeline",
        "random": "trial, random, with starting the sweep",
        "tpe": "trial, tpe, with starting the sweep",
        "last": f"trials {LONG - BATCH} to {LONG} of one sweep, tpe",
        "optuna": "Optuna alone with SQLite, no isolation",
    }
    middle["last"] = last
    for name, text in said.items():
        print(f"  {text:<42} {1000 * middle[name]:8.1f}   {middle[name] / middle['bare']:.2f} × bare")
    print(f"sweep with {LONG} trials: shown with all of them in {1000 * answer:.1f} ms")


if __name__ == "__main__":
    main()
