"""Claiming reads its index, whatever lies in the table; one pipeline never holds every worker."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import sqlite

from meguru.base.plugins import PluginFamily
from meguru.errors import InvalidInput
from meguru.kernel.jobs import Worker, choose, lanes
from meguru.testing.contracts.lanes import limit, promise_in

pytest_plugins = ["meguru.testing.fixtures"]


def plan(workspace, query):
    spelled = query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    with workspace.read() as tx:
        return [row.detail for row in tx.execute(text(f"EXPLAIN QUERY PLAN {spelled}"))]


def wanted(**more):
    return choose.ClaimFilter(datetime.now(UTC), ["work"], None, {"full"}, {"busy"}, **more)


def test_the_next_job_is_read_off_one_index_without_sorting(workspace):
    (step,) = plan(workspace, choose.due_jobs(wanted(), 1))
    assert "USING COVERING INDEX ix_job_waiting (state=?" in step


def test_past_the_first_jobs_the_heads_of_lanes_are_read_off_an_index(workspace):
    steps = plan(workspace, choose.first_allowed(choose.lane_heads(wanted()), wanted()))
    assert not [step for step in steps if step.startswith("SCAN job")]
    used = [step.partition(" USING ")[2] for step in steps if step.startswith("SEARCH job")]
    assert used
    assert all("INDEX ix_job_lane (state=?" in step or "autoindex_job_1 (id=?)" in step for step in used)


def test_jobs_of_dead_workers_and_parked_ones_are_found_by_their_moment(workspace):
    (step,) = plan(workspace, choose.expired_leases(wanted()))
    assert "USING INDEX ix_job_state_lease_until_lane (state=? AND lease_until<?)" in step
    (step,) = plan(workspace, choose.expired_parkings(wanted()))
    assert "USING INDEX ix_job_state_not_before (state=? AND not_before<?)" in step


def test_finding_the_busy_lanes_looks_at_running_jobs_alone(workspace):
    first, *_ = plan(workspace, lanes.running_by_lane(datetime.now(UTC)))
    assert "USING COVERING INDEX ix_job_state_lease_until_lane (state=? AND lease_until>?" in first


def test_a_limit_below_one_is_refused(workspace):
    with pytest.raises(InvalidInput, match="one or more"):
        limit(workspace, "train", 0)


def test_one_pipelines_runs_never_hold_every_worker(workspace):
    for number in range(6):
        promise_in(workspace, key=f"flood-{number}", lane="flood")
    working, over, seen = threading.Semaphore(0), threading.Event(), []
    other = threading.Event()

    class Handler:
        def run(self, ws, job, lease):
            seen.append(job.lane)
            if job.lane == "other":
                other.set()
                return
            working.release()
            over.wait(60)

        def abandon(self, ws, job, why):
            raise AssertionError(why)

    handlers = PluginFamily("job handler", {"work": ""})
    handlers._loaded["work"] = Handler()
    worker = Worker(workspace, handlers, threads=3)
    worker.start()
    try:
        for _ in range(2):
            assert working.acquire(timeout=60)
        promise_in(workspace, key="other", lane="other")
        assert other.wait(60)
        assert seen == ["flood", "flood", "other"]
    finally:
        over.set()
        worker.stop()
