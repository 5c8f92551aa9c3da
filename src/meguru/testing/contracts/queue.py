"""The contract of the job queue: each job is one worker's at a time, and a dead worker's job is not lost."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from meguru.errors import LostLease
from meguru.kernel.jobs import queue
from meguru.kernel.jobs.lease import Lease
from meguru.kernel.jobs.types import Job, JobState
from meguru.kernel.operations import Context, Operation

if TYPE_CHECKING:
    from meguru.kernel.workspace import Workspace

LEASE = timedelta(seconds=10)


def _promise(ctx: Context, *, key: str) -> str:
    return queue.enqueue(ctx, kind="work", key=key, payload={"key": key}).id


# Not marked with @operation: it must not appear among the product's operations.
promise: Operation[Any, str] = Operation(_promise, "testing.promise", "job:write", query=False, evented=False)


def claim(ws: Workspace, owner: str, now: datetime | None = None) -> Job | None:
    """Claim the oldest due job."""
    with ws.db.write() as tx:
        return queue.claim(tx, owner=owner, now=now or datetime.now(UTC), lease=LEASE, kinds=["work"])


class QueueContract:
    """Subclass it, with a fixture `workspace` that gives an empty one."""

    def test_a_promise_made_twice_is_one_job(self, workspace: Workspace) -> None:
        assert promise(workspace, key="a") == promise(workspace, key="a")
        assert claim(workspace, "w1") is not None
        assert claim(workspace, "w2") is None

    def test_workers_at_once_never_share_a_job(self, workspace: Workspace) -> None:
        wanted = {promise(workspace, key=str(number)) for number in range(12)}

        def work(owner: str) -> list[str]:
            mine = []
            while (job := claim(workspace, owner)) is not None:
                mine.append(job.id)
            return mine

        with ThreadPoolExecutor(4) as pool:
            taken = [job for jobs in pool.map(work, ["w1", "w2", "w3", "w4"]) for job in jobs]
        # A worker may find all due jobs just locked by others and stop; what is left is still there to take.
        taken += work("w5")
        assert len(taken) == len(set(taken))
        assert set(taken) == wanted

    def test_the_job_of_a_dead_worker_is_taken_over_and_its_late_writes_are_refused(
        self, workspace: Workspace
    ) -> None:
        promise(workspace, key="a")
        first = claim(workspace, "w1")
        assert first is not None
        assert claim(workspace, "w2", datetime.now(UTC) + LEASE / 2) is None
        second = claim(workspace, "w2", datetime.now(UTC) + LEASE * 2)
        assert second is not None
        assert (second.id, second.attempt) == (first.id, first.attempt + 1)
        with workspace.db.write() as tx:
            assert not queue.is_held(tx, first)
            assert not queue.extend(tx, first, datetime.now(UTC) + LEASE)
            assert not queue.finish(tx, first, JobState.DONE, datetime.now(UTC))
            assert queue.finish(tx, second, JobState.DONE, datetime.now(UTC))
        assert claim(workspace, "w3", datetime.now(UTC) + LEASE * 9) is None

    def test_a_look_at_a_lease_needs_no_write_and_tells_when_it_is_lost(self, workspace: Workspace) -> None:
        promise(workspace, key="a")
        first = claim(workspace, "w1")
        assert first is not None
        lease = Lease(workspace, first, 10, threading.Event())
        lease.poll()
        claim(workspace, "w2", datetime.now(UTC) + LEASE * 2)
        with pytest.raises(LostLease):
            lease.poll()
