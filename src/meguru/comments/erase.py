"""Erase a person from comments: what tells who they are becomes dots."""

from __future__ import annotations

import re

import msgspec

from meguru.artifacts.erasure import ErasedThing, ErasureSubject
from meguru.comments import store
from meguru.kernel.operations import Context

MASK = "•••"
SHORTEST = 4
"""A shorter value ("7") stands in many texts that are about nobody; as a word of its own it tells little."""


def erase(ctx: Context, subject: ErasureSubject, dry_run: bool) -> list[ErasedThing]:  # noqa: FBT001
    """Write dots over the person's value wherever it stands as a word in a comment."""
    values = [each for each in subject.values if len(each) >= SHORTEST]
    words = re.compile("|".join(rf"(?<!\w){re.escape(each)}(?!\w)" for each in values)) if values else None
    found = []
    for known in store.holding(ctx.tx, values):
        text, times = words.subn(MASK, known.text) if words else (known.text, 0)
        if times:
            found.append(ErasedThing(ref=known.about, what="a comment", rows=1))
            if not dry_run:
                store.change(ctx.tx, msgspec.structs.replace(known, text=text))
    return found
