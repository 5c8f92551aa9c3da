"""Triggers and their firings."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

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
    FILTERED = "filtered"


class TriggerBudget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a trigger may use up in each calendar day or month, in UTC.

    `runs` is how often it may fire; `seconds` how long the steps of the pipeline runs that it started may
    take, added up, cached ones not counted. What is under way is not stopped.
    """

    runs: int | None = None
    seconds: float | None = None
    per: Literal["day", "month"] = "day"


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """A rule: when `on` matches, start `action`.

    `filter` is a condition on the event, `key` what makes two events one: it fires once for each value. It
    waits until no match came for `debounce` seconds, `debounce_max` at most. `cooldown` is the least time
    between two firings, in seconds; `max_per_day` limits the firings of any 24 hours (None: no limit), and
    `budget` what they use up. `due_at` is the next moment of a calendar trigger. Only events after
    `created_seq` count. It does what `declared_by` may do. `version` tells declarations apart.
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
    filter: str = ""
    key: str = ""
    debounce: float = 0.0
    debounce_max: float | None = None
    budget: TriggerBudget | None = None
    declared_by: str = ""
    version: int = 0

    @property
    def ref(self) -> str:
        """The reference of this trigger."""
        return refs.make("trigger", self.name)


class Firing(msgspec.Struct, frozen=True, kw_only=True):
    """One match of a trigger and what was done about it.

    `key` is unique for its trigger; `event` is the id of the event that matched, `root` that of its first
    cause, `fired` that of the event which tells of this firing; `started` is what the action started, `job`
    the job that does it. `repeats` counts what came with the same key afterwards. Of a debounced one,
    `waits_since` is when the first of those came whose place it took, `not_before` when it is quiet.
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
    repeats: int = 0
    waits_since: datetime | None = None
    not_before: datetime | None = None

    @property
    def ref(self) -> str:
        """The reference of this firing."""
        return refs.make("firing", self.id)


class SimulatedFiring(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of a match: `at` is when it came, `fires_at` when it would fire."""

    at: datetime
    key: str
    state: FiringState
    fires_at: datetime | None = None
    reason: str = ""
    event: str | None = None
    subject: str = ""


class TriggerTest(msgspec.Struct, frozen=True, kw_only=True):
    """What a trigger would do, asked without doing it.

    `looked_at` counts the events and moments that were looked at, `counts` what would become of those that
    match; `firings` are the newest of them. `enabled` is False while it is paused: then nothing fires.
    """

    name: str
    enabled: bool
    since: datetime
    until: datetime
    looked_at: int
    counts: dict[str, int]
    firings: list[SimulatedFiring]
    note: str = ""


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
