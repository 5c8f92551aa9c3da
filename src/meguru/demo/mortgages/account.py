"""What the example tells: chapters of what was done, by whom, and what the system said to it."""

from __future__ import annotations

from datetime import datetime

import msgspec


class AccountLine(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that somebody did, the command that does it, and what the system said."""

    who: str
    did: str
    said: str
    command: str = ""


class AccountChapter(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the story; `at` is what the clock said at its end."""

    name: str
    title: str
    at: datetime
    lines: list[AccountLine]


class MortgageAccount(msgspec.Struct, frozen=True, kw_only=True):
    """The whole story, and where it can be looked at; `facts` are its numbers, as the records have them."""

    workspace: str
    chapters: list[AccountChapter]
    facts: dict[str, float | int | str | bool]
    seconds: float
