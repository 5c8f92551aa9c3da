"""What an auditor is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from meguru.kernel.event import Event


class HeldRole(msgspec.Struct, frozen=True, kw_only=True):
    """A role that somebody had: in a project (``*``: in all), through what (empty: their own)."""

    role: str
    project: str
    via: str


class WhoCould(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who held a right then, through these roles.

    `tokens` are those that were valid then and covered it: without one nobody could use it from outside.
    """

    principal: str
    kind: str
    roles: list[HeldRole]
    tokens: list[str]


class WhoCouldAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Who held a right on a thing at a moment, after entry `seq` of the log.

    `unknown` says, in sentences, what the log does not tell.
    """

    ref: str
    project: str
    permission: str
    at: datetime
    seq: int
    who: list[WhoCould]
    unknown: list[str]


class FieldStep(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a declaration that changed."""

    field: str
    before: Any = None
    after: Any = None


class ChangeEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was done to a thing, and the fields of its declaration that changed."""

    event: Event
    fields: list[FieldStep]


class PersonAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did, as far as the asker may see it.

    Attributes
    ----------
    accounts
        The principals that are this person's.
    counts
        How many events of each type.
    denied, looks
        How often they were refused, and looked at personal data in clear.
    events
        One page of what they did and what was done to them as a principal, oldest first.
    """

    person: str
    accounts: list[str]
    total: int
    first: datetime | None
    last: datetime | None
    counts: dict[str, int]
    denied: int
    looks: int
    events: list[Event]
    next_cursor: str = ""


class InForce(msgspec.Struct, frozen=True, kw_only=True):
    """A release that was to answer at an endpoint, since when, by whom, and who had agreed to it."""

    endpoint: str
    release: str
    model: str
    since: datetime
    by: str
    event: str
    how: str
    reason: str
    digest: str
    approvals: list[SignedApproval]
    waived: list[str]


class SignedApproval(msgspec.Struct, frozen=True, kw_only=True):
    """An approval that had been given and not taken back; `key` is the id of the key that signed it."""

    by: str
    at: datetime
    key: str
    note: str


class InForceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Every release in force at a moment, by endpoint."""

    at: datetime
    releases: list[InForce]
