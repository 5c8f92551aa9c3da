"""Pipelines on the shared stores: PostgreSQL, S3, and a server."""

from __future__ import annotations

import threading

import pytest

from meguru.app.open import open_local
from meguru.base.plugins import PluginFamily
from meguru.base.settings import Settings
from meguru.kernel.jobs import Worker
from meguru.pipelines.approvals.decide import decide, list_approvals
from meguru.pipelines.determinism.wait import check_now
from meguru.pipelines.load import register_file
from meguru.pipelines.runner import run_file, wait, work_on
from meguru.pipelines.show import show_run
from meguru.pipelines.start import start
from meguru.pipelines.types import FINAL

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


ASKING = """
from meguru import approve, collect, gate, pipeline, step

@step(isolation="thread")
def load(n: int) -> list[int]:
    return list(range(n))

@step(isolation="thread")
def square(x: int) -> int:
    return x * x

@step(isolation="thread")
def total(xs: list[int]) -> int:
    return sum(xs)

@pipeline
def asking(n: int = 4):
    sums = total(square.map(load(n)))
    approve("Go on?", sums=sums)
    return total([sums, sums])
"""


def test_maps_and_questions_work_on_postgresql_and_s3_and_no_answer_is_missed(shared, tmp_path):
    (tmp_path / "asking.py").write_text(ASKING)
    version = register_file(shared, f"{tmp_path / 'asking.py'}:asking")
    started = [start(shared, pipeline=version.ref, params={"n": n}) for n in range(3, 9)]
    worker = Worker(
        shared, PluginFamily("job handler", {"pipeline_run": "meguru.pipelines.job:HANDLER"}), threads=2
    )
    worker.start()
    try:
        answered: set[str] = set()
        while len(answered) < len(started):
            # Answered the moment it is asked: often before whoever asked has let go of the run.
            for question in list_approvals(shared).items:
                decide(shared, step=f"{question.run}.{question.step}", approve=True)
                answered.add(question.run)
        ended = [wait(shared, run.id) for run in started]
        while any(run.state not in FINAL for run in ended):
            ended = [wait(shared, run.id) for run in started]
    finally:
        worker.stop()
    assert [run.state for run in ended] == ["succeeded"] * len(started)
    assert [shared.blobs.get_bytes(run.steps[-1].outputs[0].digest) for run in ended] == [
        str(2 * sum(x * x for x in range(n))).encode() for n in range(3, 9)
    ]


def test_steps_are_checked_on_postgresql_and_s3(shared, target):
    run = run_file(shared, target)
    found = check_now(shared, run.id)
    assert {one.verdict.value for one in found.results} == {"equal"}
    assert len(found.results) == 4
