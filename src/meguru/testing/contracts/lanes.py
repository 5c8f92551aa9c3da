"""The contract of lanes and priorities: who goes first, and who must wait, also when many claim at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from meguru.kernel.jobs import lanes, queue
from meguru.kernel.jobs.choose import WINDOW
from meguru.kernel.jobs.schema import job
from meguru.kernel.jobs.types import Job, JobState
from meguru.kernel.operations import Context, Operation

if TYPE_CHECKING:
    from meguru.kernel.workspace import Workspace

LEASE = timedelta(seconds=10)


def _promise_in(ctx: Context, *, key: str, lane: str = "", priority: int = 0) -> str:
    return queue.enqueue(ctx, kind="work", key=key, payload={}, lane=lane, priority=priority).id


# Not marked with @operation: it must not appear among the product's operations.
promise_in: Operation[Any, str] = Operation(
    _promise_in, "testing.promise_in", "job:write", query=False, evented=False
)


def _row(number: int, lane: str, priority: int = 0) -> dict[str, Any]:
    now = datetime.now(UTC)
    key = str(number)
    return {
        "id": f"job-{key:0>8}",
        "kind": "work",
        "key": key,
        "payload": {},
        "state": JobState.QUEUED.value,
        "attempt": 0,
        "max_attempts": 5,
        "created_at": now,
        "not_before": now,
        "priority": priority,
        "lane": lane,
    }


def claim(ws: Workspace, owner: str = "w", now: datetime | None = None, **wanted: Any) -> Job | None:
    """Claim the next due job."""
    moment = now or datetime.now(UTC)
    with ws.db.write() as tx:
        return queue.claim(tx, owner=owner, now=moment, lease=LEASE, kinds=["work"], **wanted)


def keys(ws: Workspace, count: int) -> list[str]:
    """Claim `count` jobs, one after the other; return their keys."""
    jobs = [claim(ws) for _ in range(count)]
    return [job.key for job in jobs if job is not None]


def limit(ws: Workspace, lane: str, most: int | None) -> None:
    """Set a lane's limit."""
    with ws.db.write() as tx:
        lanes.set_limit(tx, lane, most)


class LanesContract:
    """Subclass it, with a fixture `workspace` that gives an empty one."""

    def test_the_highest_priority_goes_first_and_equals_go_by_age(self, workspace: Workspace) -> None:
        for key, priority in (("a", 0), ("b", 5), ("c", -1), ("d", 5)):
            promise_in(workspace, key=key, priority=priority, lane=key)
        assert keys(workspace, 5) == ["b", "d", "a", "c"]

    def test_a_lane_is_passed_over_while_it_has_its_number_of_running_jobs(
        self, workspace: Workspace
    ) -> None:
        limit(workspace, "train", 2)
        for number in range(3):
            promise_in(workspace, key=f"train-{number}", lane="train", priority=1)
        promise_in(workspace, key="other", lane="other")
        first = claim(workspace)
        assert first is not None
        assert keys(workspace, 3) == ["train-1", "other"]
        with workspace.db.write() as tx:
            assert queue.finish(tx, first, JobState.DONE, datetime.now(UTC))
        assert keys(workspace, 2) == ["train-2"]

    def test_a_named_job_waits_for_its_lane_too(self, workspace: Workspace) -> None:
        limit(workspace, "train", 1)
        first, second = (promise_in(workspace, key=key, lane="train") for key in "ab")
        assert claim(workspace, job_id=first) is not None
        assert claim(workspace, job_id=second) is None
        with workspace.read() as tx:
            now = datetime.now(UTC)
            assert not queue.is_due(tx, now=now, kinds=["work"], job_id=second)
            assert not queue.is_due(tx, now=now, kinds=["work"])

    def test_the_place_of_a_dead_worker_is_free_when_its_lease_is_over(self, workspace: Workspace) -> None:
        limit(workspace, "train", 1)
        promise_in(workspace, key="a", lane="train")
        promise_in(workspace, key="b", lane="train")
        dead = claim(workspace, "dead")
        assert dead is not None
        assert claim(workspace) is None
        later = datetime.now(UTC) + LEASE * 2
        again = claim(workspace, "w", later)
        assert again is not None
        assert (again.key, again.attempt) == ("a", 2)
        assert claim(workspace, "w", later) is None

    def test_claims_at_once_never_exceed_a_limit(self, workspace: Workspace) -> None:
        limit(workspace, "train", 3)
        for number in range(12):
            promise_in(workspace, key=str(number), lane="train")
        together = threading.Barrier(6)

        def work(owner: str) -> list[Job]:
            together.wait()
            return [job for job in (claim(workspace, owner) for _ in range(3)) if job is not None]

        with ThreadPoolExecutor(6) as pool:
            taken = [job.id for jobs in pool.map(work, "abcdef") for job in jobs]
        assert len(taken) == len(set(taken)) == 3

    def test_a_limit_can_be_changed_and_taken_away(self, workspace: Workspace) -> None:
        for number in range(5):
            promise_in(workspace, key=str(number), lane="train")
        limit(workspace, "train", 1)
        assert keys(workspace, 2) == ["0"]
        limit(workspace, "train", 2)
        assert keys(workspace, 2) == ["1"]
        limit(workspace, "train", None)
        assert keys(workspace, 3) == ["2", "3", "4"]

    def test_a_lane_with_nothing_running_goes_before_one_that_has(self, workspace: Workspace) -> None:
        for number in range(4):
            promise_in(workspace, key=f"flood-{number}", lane="flood")
        promise_in(workspace, key="late", lane="other")
        assert keys(workspace, 5) == ["flood-0", "late", "flood-1", "flood-2", "flood-3"]

    def test_a_flood_of_jobs_does_not_hide_what_lies_behind_it(self, workspace: Workspace) -> None:
        with workspace.db.write() as tx:
            tx.execute(insert(job), [_row(number, "flood") for number in range(WINDOW + 50)])
            tx.execute(insert(job), [_row(number, f"late-{number % 3}") for number in range(9000, 9006)])
            tx.execute(insert(job), [_row(number, "urgent", priority=1) for number in range(9900, 9902)])
        limit(workspace, "late-2", 1)
        expected = ["9900", "9901", "0", "9000", "9001", "9002", "1"]
        assert keys(workspace, 7) == expected
        limit(workspace, "flood", 2)
        assert keys(workspace, 3) == ["9003", "9004"]

    def test_a_lane_to_avoid_is_not_claimed(self, workspace: Workspace) -> None:
        promise_in(workspace, key="a", lane="flood")
        assert claim(workspace, avoid=["flood"]) is None
        promise_in(workspace, key="b", lane="other")
        found = claim(workspace, avoid=["flood"])
        assert found is not None
        assert found.key == "b"
