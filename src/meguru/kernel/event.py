"""One event, and what a check of all of them found: for whoever reads them, here or on a server."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

CLAIMED = "claimed"
"""Where an event's data names those of `used` and `produced` for which there is only a client's word."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A fact, in the past tense.

    `project` is that of the subject, empty for the default one; `cause` is the id of the event that led to
    this one; `hash` is the sha256 of `previous` and of all other fields in canonical JSON, so that no event
    can be changed, removed or moved without notice.
    """

    seq: int
    id: str
    type: str
    at: datetime
    actor: str
    operation: str
    subject: str
    project: str = ""
    cause: str | None = None
    data: dict[str, Any] = {}
    used: tuple[str, ...] = ()
    produced: tuple[str, ...] = ()
    previous: str = ""
    hash: str = ""


class ClockStep(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that tells an earlier time than one before it: somebody set a clock back, or two differ.

    That is no fault: entries are in the order of their numbers. `after` is the latest time told before.
    """

    seq: int
    event: str
    at: str
    after: str


class ChainVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a check of the chain found; `seq` and `event` name the first bad entry.

    Attributes
    ----------
    steps, steps_back
        Entries that tell an earlier time than one before them: the first hundred, and how many there are.
    unguarded
        Triggers that should keep the database from changing the log, and are gone. No fault by itself.
    """

    intact: bool
    checked: int
    head: str = ""
    seq: int | None = None
    event: str = ""
    why: str = ""
    steps: list[ClockStep] = []
    steps_back: int = 0
    unguarded: list[str] = []
