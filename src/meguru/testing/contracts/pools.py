"""The contract of pools: never more holders than places, and nobody dead holds one."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.kernel import events
from meguru.kernel.jobs import Job, JobState, queue
from meguru.pipelines.pools import store
from meguru.pipelines.pools.operations import list_pools, remove_pool, set_pool
from meguru.testing.contracts.lanes import LEASE, claim, promise_in

if TYPE_CHECKING:
    from meguru.kernel.workspace import Workspace


def holding(ws: Workspace, key: str, now: datetime | None = None) -> Job:
    """Promise and claim a job."""
    job_id = promise_in(ws, key=key)
    job = claim(ws, "w", now, job_id=job_id)
    assert job is not None
    return job


def take(ws: Workspace, holder: str, job: Job, now: datetime | None = None) -> bool:
    """Take a place of the pool ``gpu``."""
    with ws.db.write() as tx:
        return store.take(tx, "gpu", holder, job, now or datetime.now(UTC))


class PoolsContract:
    """Subclass it, with a fixture `workspace` that gives an empty one."""

    def test_a_pool_gives_as_many_places_as_it_has(self, workspace: Workspace) -> None:
        set_pool(workspace, name="gpu", slots=2)
        job = holding(workspace, "a")
        assert [take(workspace, holder, job) for holder in ("s1", "s2", "s3")] == [True, True, False]
        assert take(workspace, "s1", job)  # it has one already
        with workspace.db.write() as tx:
            store.release(tx, "s1")
        assert take(workspace, "s3", job)
        (shown,) = list_pools(workspace)
        assert [place.holder for place in shown.taken] == ["s2", "s3"]

    def test_takers_at_once_never_exceed_the_places(self, workspace: Workspace) -> None:
        set_pool(workspace, name="gpu", slots=3)
        jobs = [holding(workspace, str(number)) for number in range(6)]
        together = threading.Barrier(6)

        def work(number: int) -> int:
            together.wait()
            return sum(take(workspace, f"{number}.{step}", jobs[number]) for step in range(2))

        with ThreadPoolExecutor(6) as pool:
            assert sum(pool.map(work, range(6))) == 3

    def test_the_place_of_a_dead_worker_is_free_when_its_lease_is_over(self, workspace: Workspace) -> None:
        set_pool(workspace, name="gpu", slots=1)
        dead, alive = holding(workspace, "dead"), holding(workspace, "alive")
        assert take(workspace, "s1", dead)
        assert not take(workspace, "s2", alive)
        later = datetime.now(UTC) + LEASE * 2
        with workspace.db.write() as tx:
            assert queue.extend(tx, alive, later + LEASE)
        assert take(workspace, "s2", alive, later)

    def test_the_next_attempt_takes_the_place_anew(self, workspace: Workspace) -> None:
        set_pool(workspace, name="gpu", slots=1)
        first = holding(workspace, "a")
        assert take(workspace, "s1", first)
        later = datetime.now(UTC) + LEASE * 2
        second = claim(workspace, "w2", later, job_id=first.id)
        assert second is not None
        assert take(workspace, "s1", second, later)
        assert not take(workspace, "s2", second, later)

    def test_a_job_that_ended_or_was_parked_holds_no_place(self, workspace: Workspace) -> None:
        set_pool(workspace, name="gpu", slots=1)
        ended, parked, last = (holding(workspace, key) for key in ("a", "b", "c"))
        assert take(workspace, "s1", ended)
        with workspace.db.write() as tx:
            queue.finish(tx, ended, JobState.DONE, datetime.now(UTC))
        assert take(workspace, "s2", parked)
        with workspace.db.write() as tx:
            assert queue.park(tx, parked)
        assert take(workspace, "s3", last)

    def test_fewer_places_take_none_away_from_who_holds_one(self, workspace: Workspace) -> None:
        set_pool(workspace, name="gpu", slots=2)
        job = holding(workspace, "a")
        assert take(workspace, "s1", job)
        assert take(workspace, "s2", job)
        set_pool(workspace, name="gpu", slots=0)
        assert take(workspace, "s1", job)
        with workspace.db.write() as tx:
            store.release(tx, "s1")
        assert not take(workspace, "s1", job)

    def test_an_unknown_pool_is_named_with_what_looks_like_it(self, workspace: Workspace) -> None:
        set_pool(workspace, name="gpu", slots=1)
        with workspace.read() as tx, pytest.raises(NotFound) as refused:
            store.check(tx, ["gpu", "gpus"])
        assert "did you mean 'gpu'" in str(refused.value.as_dict())

    def test_a_change_is_told_once_and_a_pool_in_use_stays(self, workspace: Workspace) -> None:
        for slots in (1, 1, 2):
            set_pool(workspace, name="gpu", slots=slots)
        with workspace.read() as tx:
            told = events.read(tx, types=["pool.created", "pool.updated"])
        assert [event.data for event in told] == [
            {"slots": 1},
            {"changes": {"slots": {"before": 1, "after": 2}}},
        ]
        job = holding(workspace, "a", datetime.now(UTC) + timedelta(seconds=1))
        assert take(workspace, "s1", job)
        with pytest.raises(Conflict, match="in use"):
            remove_pool(workspace, name="gpu")
        with workspace.db.write() as tx:
            queue.finish(tx, job, JobState.DONE, datetime.now(UTC))
        remove_pool(workspace, name="gpu")
        assert list_pools(workspace) == []
        with pytest.raises(InvalidInput, match="places"):
            set_pool(workspace, name="gpu", slots=-1)
