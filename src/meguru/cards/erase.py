"""Erase a person from cards: what tells who they are becomes dots, in words and in what was kept."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from meguru.artifacts.erasure import ErasedThing, ErasureSubject
from meguru.artifacts.erasure.redaction import is_telling
from meguru.base import refs
from meguru.cards import store
from meguru.cards.types import Card
from meguru.kernel.operations import Context

MASK = "•••"
MIN_LENGTH = 4
"""A shorter value ("7") stands in many texts that are about nobody; as a word of its own it tells little."""


def erase(ctx: Context, subject: ErasureSubject, dry_run: bool) -> list[ErasedThing]:  # noqa: FBT001 - the family's
    """Write dots over the person's value wherever it stands as a word on a card.

    The digest of a kept card stays that of what was kept.
    """
    # The longest first: of "ann" and "ann@example.com" the shorter would leave the end of the other behind.
    values = sorted((each for each in subject.values if len(each) >= MIN_LENGTH), key=len, reverse=True)
    if not values:
        return []
    theirs = re.compile("|".join(map(_pattern, values)))
    found = []
    for name, said in store.all_words(ctx.tx):
        subject.places.looked("cards")
        words, times = _masked(said, theirs)
        if times:
            found.append(ErasedThing(ref=refs.make("card", name), what="words of a card", rows=times))
            if not dry_run:
                store.put_words(ctx.tx, name, words)
    for about, number, body in store.bodies(ctx.tx):
        subject.places.looked("kept cards")
        changed, times = _masked(body, theirs)
        if times:
            found.append(ErasedThing(ref=about, what="a kept card", rows=times))
            if not dry_run:
                store.put_body(ctx.tx, about, number, msgspec.convert(changed, Card))
    return found


def _pattern(value: str) -> str:
    # A short name may be a word of another meaning in small letters ("Rose", "Mark"); a long value is not.
    said = f"(?i:{re.escape(value)})" if is_telling(value) else re.escape(value)
    return rf"(?<!\w){said}(?!\w)"


def _masked(value: Any, theirs: re.Pattern[str]) -> tuple[Any, int]:
    """Return a value of JSON with dots in its texts, and how often; names of fields stay."""
    if isinstance(value, str):
        return theirs.subn(MASK, value)
    if isinstance(value, list):
        pairs = [_masked(each, theirs) for each in value]
        return [each for each, _ in pairs], sum(times for _, times in pairs)
    if isinstance(value, dict):
        named = {key: _masked(each, theirs) for key, each in value.items()}
        return {key: each for key, (each, _) in named.items()}, sum(times for _, times in named.values())
    return value, 0
