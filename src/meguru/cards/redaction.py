"""A card that was kept, as a reader may see it: what became personal since, or is not theirs, is left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from meguru.cards.facts.data import tags_of
from meguru.cards.facts.reader import RecordReader
from meguru.cards.facts.types import CardColumn, CardDataset, CardEndpoint, CardFacts, CardModel, CardSlice
from meguru.cards.types import Card
from meguru.releases.resolve import ancestors


def redacted(reader: RecordReader, card: Card) -> Card:
    """Return a kept card without what its reader may not see, nor values of what is personal by now."""
    facts = card.facts
    # A column that was tagged as personal since is so in all that was ever made from it: tags are read now.
    made_from = [card.about, *ancestors(reader.tx, _model_of(facts))] if _model_of(facts) else [card.about]
    return msgspec.structs.replace(card, facts=_without(reader, facts, tags_of(reader, made_from)))


def _model_of(facts: CardFacts) -> str:
    if isinstance(facts, CardModel):
        return facts.ref
    return facts.live_model if isinstance(facts, CardEndpoint) else ""


def _without(reader: RecordReader, facts: CardFacts, tags: Mapping[str, Collection[str]]) -> CardFacts:
    ref = facts.ref
    seen = {"monitors": facts.monitors if reader.may("monitor", ref) else []}
    match facts:
        case CardModel():
            return msgspec.structs.replace(
                facts,
                **seen,
                features=_columns(facts.features, tags),
                slices=[_slice(each, tags) for each in facts.slices],
                data=[each for each in facts.data if reader.sees(each.ref)],
                lineage=[each for each in facts.lineage if reader.sees(each.source)],
                cost=facts.cost if reader.may("cost", ref) else None,
                gates=facts.gates if reader.may("release", ref) else [],
                checklists=facts.checklists if reader.may("checklist", ref) else [],
                waivers=facts.waivers if reader.may("waiver", ref) else [],
                releases=facts.releases if reader.may("release", ref) else [],
            )
        case CardDataset():
            columns = _columns(facts.columns, tags)
            lineage = [each for each in facts.lineage if reader.sees(each.source)]
            return msgspec.structs.replace(facts, **seen, columns=columns, lineage=lineage)
        case CardEndpoint():
            inputs = _columns(facts.inputs, tags)
            personal = {column.name for column in inputs if column.is_personal}
            example = {name: "…" if name in personal else value for name, value in facts.example.items()}
            if not reader.may("dataset", ref):  # its values may be of the data's first row
                example = {}
            return msgspec.structs.replace(
                facts,
                **seen,
                inputs=inputs,
                example=example,
                alerts=facts.alerts if reader.may("alert", ref) else [],
                told=facts.told if reader.may("notification", ref) else [],
                releases=facts.releases if reader.may("release", ref) else [],
            )


def _slice(card_slice: CardSlice, tags: Mapping[str, Collection[str]]) -> CardSlice:
    return (
        msgspec.structs.replace(card_slice, value="…")
        if "pii" in tags.get(card_slice.column, ())
        else card_slice
    )


def _columns(columns: list[CardColumn], tags: Mapping[str, Collection[str]]) -> list[CardColumn]:
    found = []
    for column in columns:
        both = list(dict.fromkeys([*column.tags, *tags.get(column.name, ())]))
        now = msgspec.structs.replace(column, tags=both)
        bare = CardColumn(name=column.name, type=column.type, tags=both, missing=column.missing)
        found.append(bare if now.is_personal else now)
    return found
