"""What is told of a workspace at one glance."""

from __future__ import annotations

from datetime import datetime

import msgspec


class LiveLine(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint: what should answer there, whether it does, and what its monitors last said.

    `state` is that of the endpoint, `why` tells why it does not answer. `verdict` is the worst that its
    monitors said last; empty when none has judged.
    """

    endpoint: str
    state: str
    model: str = ""
    release: str = ""
    since: datetime | None = None
    verdict: str = ""
    why: str = ""


class WorkLine(msgspec.Struct, frozen=True, kw_only=True):
    """One thing at work: a pipeline run, a sweep or a backfill; `done` of `of` parts have ended, if known."""

    id: str
    kind: str
    what: str
    state: str
    since: datetime
    done: int | None = None
    of: int | None = None


class NeedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One thing for a person to look at; `command` is what to type next."""

    state: str
    what: str
    since: datetime | None = None
    why: str = ""
    command: str = ""


class WorkspaceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace at one glance; `more` tells of which lists there is more than shown."""

    at: datetime
    live: list[LiveLine]
    working: list[WorkLine]
    failed: list[NeedLine]
    waiting: list[NeedLine]
    more: list[str] = []
