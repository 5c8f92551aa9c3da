"""What is known of checkpoints."""

from __future__ import annotations

from datetime import datetime

import msgspec


class KeptHead(msgspec.Struct, frozen=True, kw_only=True):
    """A head that was signed: of the first `size` entries, by a key (its id); `note` is what is written."""

    size: int
    origin: str
    root: str
    at: datetime
    key: str
    note: str


class PlaceState(msgspec.Struct, frozen=True, kw_only=True):
    """How far a place has come: it has the head of `written` entries; `error` is why it has no later one."""

    checkpoint: str
    place: str
    written: int
    written_at: datetime | None
    failures: int
    error: str
    failure_reported: bool = msgspec.field(name="told")
    try_at: datetime


class DeclaredCheckpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A declared checkpoint, and its places."""

    name: str
    every: str
    events: int
    places: list[PlaceState]
