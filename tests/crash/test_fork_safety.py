"""Steps forked from a process that has the data libraries loaded use all of them: none hangs, none crashes.

``MEGURU_FORK_STEPS=2000`` runs as many steps.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from meguru.compute.code import ProjectSources
from meguru.compute.executors.process import ForkServer
from meguru.compute.executors.work import PlainArgument, StepJob
from meguru.pipelines.step_job import PRELOADABLE

pytestmark = [pytest.mark.crash, pytest.mark.timeout(3600)]
STEPS = int(os.environ.get("MEGURU_FORK_STEPS", "12"))
AT_A_TIME = 4
PATIENCE = 120.0
SOURCE = """
import numpy as np
import polars as pl
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression


def frames(n: int) -> int:
    rng = np.random.default_rng(n)
    table = pl.DataFrame({"k": rng.integers(0, 50, 5_000), "x": rng.normal(size=5_000)})
    lazy = table.lazy().group_by("k").agg(pl.col("x").mean(), pl.len()).sort("k")
    joined = table.join(lazy.collect(), on="k").filter(pl.col("x") > 0)
    assert joined["k"].n_unique() == 50
    return joined.height


def algebra(n: int) -> int:
    a = np.random.default_rng(n).normal(size=(160, 160))
    assert np.allclose(np.linalg.solve(a, a @ a), a, atol=1e-4)
    return int(np.linalg.svd(a, compute_uv=False)[0] > 0)


def boosting(n: int) -> int:
    X = np.random.default_rng(n).normal(size=(600, 6))
    y = X[:, 0] + X[:, 1] ** 2 > 0.5
    model = HistGradientBoostingClassifier(max_iter=6, random_state=n).fit(X, y)
    return int(model.score(X, y) > 0.6) and int(LogisticRegression().fit(X, y).score(X, y) > 0.5)


def everything(n: int) -> int:
    return int(frames(n) > 0 and algebra(n) and boosting(n))
"""
FUNCTIONS = ("frames", "algebra", "boosting", "everything")


@pytest.fixture
def server():
    made = ForkServer()
    yield made
    made.close()


def test_forked_steps_that_use_polars_openblas_and_openmp_all_end(tmp_path, server):
    (tmp_path / "used.py").write_text(SOURCE)
    sources = ProjectSources(tmp_path / "used.py").sources()
    preload = [
        "numpy",
        "polars",
        "scipy.linalg",
        "sklearn.ensemble",
        "sklearn.linear_model",
        "pyarrow",
        "pandas",
    ]
    assert {name.partition(".")[0] for name in preload} <= set(PRELOADABLE)
    ended: queue.Queue[tuple[str, object]] = queue.Queue()

    def begin(n: int) -> None:
        scratch = tmp_path / f"step{n}"
        scratch.mkdir()
        job = StepJob(
            function=f"used:{FUNCTIONS[n % len(FUNCTIONS)]}",
            arguments={"n": PlainArgument(value=n)},
            many_outputs=False,
            folder=str(tmp_path),
            sources=sources,
            blobs=str(tmp_path / "blobs"),
            scratch=str(scratch),
            seed=n,
        )
        server.start(
            scratch.name,
            job,
            log=scratch / "log",
            preload=preload,
            done=lambda end: ended.put((scratch.name, end)),
        )

    waiting = set()
    for n in range(min(AT_A_TIME, STEPS)):
        begin(n)
        waiting.add(f"step{n}")
    results = Counter()
    begun = len(waiting)
    while waiting:
        try:
            name, end = ended.get(timeout=PATIENCE)
        except queue.Empty:
            pytest.fail(
                f"hung after {sum(results.values())} steps: {sorted(waiting)}: {stacks(tmp_path, waiting)}"
            )
        waiting.discard(name)
        failure = end.outcome.failure
        assert failure is None, f"{name}: {failure.type}: {failure.message}\n{failure.traceback}"
        results[FUNCTIONS[int(name.removeprefix("step")) % len(FUNCTIONS)]] += 1
        if begun < STEPS:
            begin(begun)
            waiting.add(f"step{begun}")
            begun += 1
    assert sum(results.values()) == STEPS


def stacks(folder: Path, names: set[str]) -> str:
    """Return what a hung step had printed."""
    return "\n".join((folder / name / "log").read_text(errors="replace")[-500:] for name in names)


THREADS = """
import importlib, os, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
for task in os.listdir("/proc/self/task"):
    print(open(f"/proc/self/task/{task}/comm").read().strip())
"""
KNOWN = {"jemalloc_bg_thd", "polars-ooc-clea"}
"""Threads that stand a fork, see docs/decisions/0003; OpenBLAS' workers have the name of the process."""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are listed by Linux only")
def test_what_is_loaded_ahead_starts_no_thread_but_those_known_to_stand_a_fork():
    modules = [
        *(name for name in PRELOADABLE if name != "meguru"),
        "sklearn.ensemble",
        "scipy.linalg",
        "pyarrow.parquet",
    ]
    done = subprocess.run(
        [sys.executable, "-c", THREADS, *modules], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) - {"python", "python3", Path(sys.executable).resolve().name[:15]} <= KNOWN
