"""What erasing a person means to each noun that has data of people."""

from __future__ import annotations

import msgspec

FAMILY = "personal data"
"""Those who have data of people: ``f(ctx, subject, dry_run) -> list[ErasedThing]``, each erasing its own."""


class ErasureSubject(msgspec.Struct, frozen=True, kw_only=True):
    """Who is erased: the value of a column that tells one person; never written down."""

    column: str
    value: str


class ErasedThing(msgspec.Struct, frozen=True, kw_only=True):
    """Where something was found, what it is, and how many rows of it."""

    ref: str
    what: str
    rows: int
