"""Sweeps and metrics of steps on the shared stores: PostgreSQL and S3."""

from __future__ import annotations

import pytest

from meguru.app.jobs import HANDLERS
from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.kernel import events
from meguru.kernel.jobs import Worker
from meguru.pipelines.show import list_runs
from meguru.sweeps import show
from meguru.sweeps.runner import all_trials, see_through, start_file
from meguru.sweeps.stop import resume, stop
from meguru.sweeps.types import Search, SweepState
from meguru.tracking import show as tracking

pytestmark = pytest.mark.integration
FLOW = """
import time
import meguru
from meguru import pipeline, step

@step
def load(n: int) -> int:
    return n

@step
def teach(n: int, x: float) -> str:
    for at in range(n):
        meguru.log(loss=(x - 0.5) ** 2 + n - at, step=at)
        time.sleep(0.01)
    return "done"

@pipeline
def flow(x: float, n: int = 5):
    return teach(load(n), x)
"""


@pytest.fixture
def shared(postgres_url, s3_url):
    with open_local(postgres_url, settings=Settings(blobs=s3_url)) as ws:
        yield ws


@pytest.fixture
def target(tmp_path):
    (tmp_path / "flow.py").write_text(FLOW)
    return f"{tmp_path / 'flow.py'}:flow"


def search(**changes):
    return Search(**{"metric": "loss", "goal": "min", "trials": 6} | changes)


def test_a_sweep_works_on_postgresql_and_s3_and_its_curves_are_whole(shared, target):
    found = see_through(shared, start_file(shared, target, {"x": "uniform:0..1"}, search(pruner="median")))
    trials = all_trials(shared, found.id)
    assert (found.state, len(trials)) == ("succeeded", 6)
    assert found.best.value == min(one.value for one in trials)
    for run in list_runs(shared).items:
        if run.state == "succeeded":
            points = tracking.metric(shared, run=run.tracked, key="loss").items
            assert [point.step for point in points] == list(range(5))
    with shared.read() as tx:
        assert events.verify(tx).intact


def test_a_stopped_sweep_is_resumed_on_postgresql(shared, target):
    made = start_file(shared, target, {"x": "uniform:0..1"}, search())
    stopped = stop(shared, sweep=made.id)
    assert (stopped.state, stopped.counts) == ("stopped", {})
    assert see_through(shared, resume(shared, sweep=made.id, trials=2)).counts == {"succeeded": 2}


def test_two_workers_share_sweeps_and_one_that_drains_leaves_its_sweep_to_the_other(shared, target):
    made = [
        start_file(shared, target, {"x": "uniform:0..1"}, search(seed=seed, parallel=2)) for seed in (1, 2)
    ]
    first, second = (Worker(shared, HANDLERS, threads=2) for _ in range(2))
    first.start()
    second.start()
    try:
        wait_for(shared, lambda: any(show.show(shared, sweep=one.id).counts for one in made))
        first.stop(timeout=60)
        wait_for(
            shared,
            lambda: all(show.show(shared, sweep=one.id).state is not SweepState.RUNNING for one in made),
        )
    finally:
        second.stop(timeout=60)
    for one in made:
        assert show.show(shared, sweep=one.id).counts == {"succeeded": 6}
        assert [trial.number for trial in all_trials(shared, one.id)] == list(range(6))
    assert len(list_runs(shared, limit=100).items) == 12


def wait_for(ws, look):
    while True:
        with ws.read() as tx:
            after = events.head(tx)
        if look():
            return
        events.wait(ws, after=after, timeout=1.0)
