"""What became of a version: its releases, and what the gates said of each."""

from __future__ import annotations

from collections.abc import Sequence

from meguru.base import refs
from meguru.cards.facts.reader import RecordReader
from meguru.cards.facts.types import CardGate, CardRelease
from meguru.releases.types import Release

MOST_GATES = 60


def releases_of(reader: RecordReader, found: Sequence[Release]) -> list[CardRelease]:
    """Return releases as a card tells of them."""
    if not reader.may("release"):
        return []
    return [
        CardRelease(
            ref=each.ref,
            endpoint=refs.make("endpoint", each.endpoint),
            model=each.model,
            state=each.state.value,
            digest=each.digest,
            by=each.created_by,
            live_at=each.live_at,
            ended_at=each.ended_at,
            documents=[part.ref for part in each.content.documents],
        )
        for each in found
    ]


def gates_of(found: Sequence[Release]) -> list[CardGate]:
    """Return what the gates of releases said, the newest release first."""
    said = [
        CardGate(
            release=each.ref,
            gate=result.gate,
            verdict=result.verdict.value,
            reason=result.reason,
            numbers=result.numbers,
        )
        for each in found
        for result in each.results
    ]
    return said[:MOST_GATES]
