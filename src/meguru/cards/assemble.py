"""Put a card together: the facts of a version, the words about it, and what became stale of them."""

from __future__ import annotations

import msgspec

from meguru.base import refs
from meguru.cards import store
from meguru.cards.facts.read import read, version_of
from meguru.cards.facts.reader import RecordReader
from meguru.cards.part_reviews import texts_of
from meguru.cards.parts import in_order
from meguru.cards.traits import traits_of
from meguru.cards.types import Card


def assemble(reader: RecordReader, ref: str) -> Card:
    """Return the card of a version as the records and the words are now; without a version, the newest's.

    Raises
    ------
    NotFound
        If there is no such thing or version, or it may not be seen.
    InvalidInput
        If such things have no cards.
    """
    facts = read(reader, ref)
    said = store.of(reader.tx, refs.make(*refs.parse(facts.ref)[:2]))
    if said is None:
        return Card(about=facts.ref, at=reader.now, facts=facts)
    words = texts_of(said, store.part_reviews(reader.tx, said.name), traits_of(facts))
    order = {key: place for place, key in enumerate(in_order([each.part for each in words]))}
    here = version_of(facts)
    # What was looked at for this very version holds for it.
    settled = [
        msgspec.structs.replace(each, since=[]) if each.written_for == here else each for each in words
    ]
    return Card(
        about=facts.ref,
        at=reader.now,
        facts=facts,
        words=sorted(settled, key=lambda each: order[each.part]),
        card=said.ref,
    )
