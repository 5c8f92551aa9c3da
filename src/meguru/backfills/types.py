"""What a backfill is, and where its partitions stand."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

import msgspec

from meguru.base import refs


class BackfillState(StrEnum):
    """Where a backfill stands; the last three are final, but failed partitions can be run again."""

    RUNNING = "running"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class PartitionState(StrEnum):
    """Where a partition stands."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL = (BackfillState.SUCCEEDED, BackfillState.FAILED, BackfillState.CANCELLED)
OnFailure = Literal["stop", "go-on"]
Direction = Literal["asc", "desc"]
Width = Literal["hour", "day", "week", "month"]


class Partition(msgspec.Struct, frozen=True, kw_only=True):
    """One part: `key` is the parameter's value, `run` its newest run, `tries` how many it had.

    `position` says when its turn comes. `ran` and `cached` count the steps of the run.
    """

    backfill: str
    position: int
    key: str
    state: PartitionState
    run: str | None = None
    tries: int = 0
    reason: str = ""
    ran: int = 0
    cached: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None


class PartitionCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many partitions stand where."""

    waiting: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0

    @property
    def total(self) -> int:
        """How many there are."""
        return self.waiting + self.running + self.ended

    @property
    def ended(self) -> int:
        """How many have ended, in whatever way."""
        return self.succeeded + self.failed + self.cancelled


class Backfill(msgspec.Struct, frozen=True, kw_only=True):
    """A pipeline's version, run for each value of one parameter; the others stay the same.

    `counts` has where the partitions stand; `seconds_left` is an estimate from the last ones that ended,
    None while there is none. `stopped` is True when a failure since `begun_at`, its start or the last retry,
    keeps further partitions from beginning.
    """

    id: str
    pipeline: str
    version: int
    param: str
    params: dict[str, Any]
    parallel: int
    direction: Direction
    on_failure: OnFailure
    priority: int | None
    state: BackfillState
    event: str
    created_at: datetime
    created_by: str
    begun_at: datetime | None = None
    finished_at: datetime | None = None
    reason: str = ""
    stopped: bool = False
    counts: PartitionCounts = PartitionCounts()
    seconds_left: float | None = None

    @property
    def ref(self) -> str:
        """The reference of this backfill."""
        return refs.make("backfill", self.id)
