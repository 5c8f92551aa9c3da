"""Pipelines on the shared stores: PostgreSQL, S3, and a server."""

from __future__ import annotations

import threading

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.pipelines.load import register_file
from meguru.pipelines.runner import run_file, work_on
from meguru.pipelines.show import show_run
from meguru.pipelines.start import start

pytestmark = pytest.mark.integration
FLOW = """
import polars as pl
from meguru import pipeline, step

@step
def load(n: int) -> pl.DataFrame:
    return pl.DataFrame({"x": list(range(n))})

@step
def total(table: pl.DataFrame, times: int) -> int:
    return int(table["x"].sum()) * times

@pipeline
def flow(n: int = 4):
    table = load(n)
    return [total(table, 1), total(table, 2), total(table, 3)]
"""


@pytest.fixture
def shared(postgres_url, s3_url):
    with open_local(postgres_url, settings=Settings(blobs=s3_url)) as ws:
        yield ws


@pytest.fixture
def target(tmp_path):
    (tmp_path / "flow.py").write_text(FLOW)
    return f"{tmp_path / 'flow.py'}:flow"


def test_a_run_works_and_is_cached_on_postgresql_and_s3(shared, target):
    first = run_file(shared, target)
    assert first.failed is None
    assert [shared.blobs.get_bytes(step.outputs[0].digest) for step in first.steps[1:]] == [
        b"6",
        b"12",
        b"18",
    ]
    assert run_file(shared, target).cached == 4


def test_a_step_longer_than_the_engines_patience_is_watched_on_postgresql_too(shared, tmp_path):
    slow = FLOW.replace("    return int(", "    import time; time.sleep(1.5)\n    return int(")
    (tmp_path / "slow.py").write_text(slow)
    run = run_file(shared, f"{tmp_path / 'slow.py'}:flow")
    assert (run.failed, [step.attempt for step in run.steps]) == (None, [1, 1, 1, 1])


def test_two_workers_never_do_the_same_run(shared, target):
    version = register_file(shared, target)
    jobs = [start(shared, pipeline=version.ref, params={"n": n}) for n in range(5, 9)]
    did: list[bool] = []
    workers = [
        threading.Thread(target=lambda: did.extend(work_on(shared, run.job) for run in jobs))
        for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(did) == len(jobs)
    done = [show_run(shared, ref=run.id) for run in jobs]
    assert [(run.state.value, run.ran) for run in done] == [("succeeded", 4)] * 4
