"""Runs share the workers: by priority, by the pipeline's limit, and with pools that are there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meguru.compute.graph import Graph
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.jobs import queue
from meguru.pipelines.deployments import spec as specs
from meguru.pipelines.kind import PipelineSpec
from meguru.pipelines.load import register_file
from meguru.pipelines.operations import set_pool, start
from meguru.pipelines.register import check_snapshot
from meguru.pipelines.runner import run_file

LIMITED = """
    from meguru import pipeline, step

    @step
    def one() -> int:
        return 1

    @step(pool="gpu")
    def trained(x: int) -> int:
        return x

    @pipeline(max_runs=1, priority=7)
    def limited():
        return one()

    @pipeline
    def free():
        return one()

    @pipeline
    def pooled():
        return trained(one())
"""


@pytest.fixture
def limited(project):
    project.write("limited.py", LIMITED)
    return {
        name: register_file(project.ws, f"{project.folder}/limited.py:{name}").ref
        for name in ("limited", "free", "pooled")
    }


def claimed(workspace, count):
    found = []
    with workspace.db.write() as tx:
        for _ in range(count):
            job = queue.claim(
                tx, owner="w", now=datetime.now(UTC), lease=timedelta(seconds=60), kinds=["pipeline_run"]
            )
            found.append(job and job.payload["run"])
    return found


def test_of_waiting_runs_the_highest_priority_goes_first(workspace, limited):
    first = start(workspace, pipeline=limited["free"]).id
    named = start(workspace, pipeline=limited["free"], priority=8).id
    own = start(workspace, pipeline=limited["limited"]).id
    assert claimed(workspace, 3) == [named, own, first]


def test_a_pipeline_with_max_runs_is_worked_on_by_so_many_workers(workspace, limited):
    first = start(workspace, pipeline=limited["limited"]).id
    start(workspace, pipeline=limited["limited"])
    assert claimed(workspace, 2) == [first, None]


def test_a_priority_beyond_reason_is_refused(workspace, limited):
    with pytest.raises(InvalidInput, match="priority"):
        start(workspace, pipeline=limited["free"], priority=10**9)


def test_a_step_whose_pool_was_never_set_keeps_its_pipeline_from_starting(workspace, limited):
    set_pool(workspace, name="gpus", slots=1)
    with pytest.raises(NotFound) as refused:
        start(workspace, pipeline=limited["pooled"])
    assert "gpus" in refused.value.hint
    set_pool(workspace, name="gpu", slots=1)
    assert start(workspace, pipeline=limited["pooled"]).state == "queued"


def test_a_run_says_what_started_it_and_for_which_part(workspace, limited):
    run = start(workspace, pipeline=limited["free"], origin="backfill/bf-1", partition="2024-01-01")
    assert (run.origin, run.partition) == ("backfill/bf-1", "2024-01-01")


def test_an_embedded_run_waits_for_its_turn(workspace, limited, project):
    """The place is a dead worker's: it is free when the lease is over, and the run goes on by itself."""
    start(workspace, pipeline=limited["limited"])
    with workspace.db.write() as tx:
        job = queue.claim(
            tx, owner="dead", now=datetime.now(UTC), lease=timedelta(seconds=1), kinds=["pipeline_run"]
        )
    run = run_file(workspace, f"{project.folder}/limited.py:limited")
    assert run.state == "succeeded"
    with workspace.read() as tx:
        assert queue.find(tx, job.id).attempt <= 2


def test_a_priority_that_no_column_holds_is_refused_wherever_it_is_said(workspace, limited):
    for change in (
        lambda: start(workspace, pipeline=limited["free"], priority=10**12),
        lambda: specs.check(None, "free", PipelineSpec(entry="a", digest="0" * 64, priority=10**12)),
        lambda: check_snapshot(None, Graph(name="g", parameters=[], steps=[], priority=10**12), {}, "", []),
    ):
        with pytest.raises(InvalidInput, match="a priority is between"):
            change()
