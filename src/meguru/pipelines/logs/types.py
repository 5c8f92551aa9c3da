"""What is kept of the output of steps."""

from __future__ import annotations

from datetime import datetime

import msgspec

MAX_LINES = 10_000
"""Lines of the largest page."""


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """The output of one attempt at a step; without `ended_at` it goes on, and its newest lines are chunks.

    `lines` and `size` (in bytes of text) tell what is kept, `dropped` the bytes printed that are not.
    """

    step_run: str
    attempt: int
    run: str
    step: str
    begun_at: datetime
    ended_at: datetime | None = None
    blob: str | None = None
    lines: int = 0
    size: int = 0
    dropped: int = 0


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line; `stream` is out, err, note (ours), or the level that logging gave it.

    No two lines of one attempt have the same `at`.
    """

    at: datetime
    run: str
    step: str
    attempt: int
    stream: str
    text: str


class LogPage(msgspec.Struct, frozen=True, kw_only=True):
    """Lines by time; `more` if the limit cut the end off, `live` while more may be printed.

    `dropped` counts the bytes that were printed and not kept.
    """

    lines: list[LogLine]
    more: bool = False
    live: bool = False
    dropped: int = 0


class LogHits(msgspec.Struct, frozen=True, kw_only=True):
    """Lines that have the text; `more` if the limit of lines or of bytes was reached before the end."""

    lines: list[LogLine]
    searched: int = 0
    more: bool = False
