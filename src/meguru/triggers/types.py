"""Triggers and their firings."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from meguru.base import refs


class FiringState(StrEnum):
    """What became of a match; of the moments of a calendar, those that did not fire are missed.

    An `owed` one fires as soon as it may: then it is `fired`, or `suppressed` if a newer one took its place.
    """

    FIRED = "fired"
    OWED = "owed"
    SUPPRESSED = "suppressed"
    FAILED = "failed"
    MISSED = "missed"


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """A rule: when `on` matches, start `action`.

    `cooldown` is the least time between two firings, in seconds; `max_per_day` limits the firings of any
    24 hours (None: no limit). `due_at` is the next moment of a calendar trigger. Only events after
    `created_seq` count.
    """

    name: str
    on: dict[str, Any]
    action: dict[str, Any]
    enabled: bool
    cooldown: float
    max_per_day: int | None
    created_at: datetime
    created_seq: int
    due_at: datetime | None = None
    note: str = ""

    @property
    def ref(self) -> str:
        """The reference of this trigger."""
        return refs.make("trigger", self.name)


class Firing(msgspec.Struct, frozen=True, kw_only=True):
    """One match of a trigger and what was done about it.

    `key` is unique for its trigger; `event` is the id of the event that matched, `root` that of its first
    cause, `fired` that of the event which tells of this firing; `started` is what the action started, `job`
    the job that does it.
    """

    id: str
    trigger: str
    key: str
    state: FiringState
    at: datetime
    reason: str = ""
    event: str | None = None
    root: str = ""
    fired: str = ""
    started: str = ""
    job: str | None = None
    evidence: dict[str, Any] = {}

    @property
    def ref(self) -> str:
        """The reference of this firing."""
        return refs.make("firing", self.id)


class Upcoming(msgspec.Struct, frozen=True, kw_only=True):
    """The next moments of a calendar trigger, in its own time zone."""

    name: str
    zone: str
    enabled: bool
    moments: list[datetime]


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """Whether everything that happened has had its consequences: no event unread, no job open.

    `owed` counts the triggers that will fire again when they may; while one only rests, all is quiet.
    """

    settled: bool
    head: int
    cursor: int
    open_jobs: int
    owed: int = 0
