"""What people judge a version by, and in what two versions differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from meguru.base import refs
from meguru.cards.facts.types import CardColumn, CardDataset, CardEndpoint, CardFacts, CardModel
from meguru.cards.types import Trait, TraitChange

MAX_NAMES = 12
"""So many features or slices are named; of more it is told how many."""


def traits_of(facts: CardFacts) -> list[Trait]:
    """Return what a version is judged by: what it takes, how good it is and for whom, what is personal."""
    match facts:
        case CardModel():
            return list(_of_model(facts))
        case CardDataset():
            return [
                *_columns("column", facts.columns),
                Trait(what="key", name="key", value=", ".join(facts.key)),
            ]
        case CardEndpoint():
            return list(_of_endpoint(facts))


def _of_model(facts: CardModel) -> Iterator[Trait]:
    yield from _columns("feature", facts.features)
    yield Trait(what="task", name="task", value=facts.task)
    for name in facts.classes:
        yield Trait(what="class", name=name)
    for metric in facts.metrics:
        yield Trait(what="metric", name=metric.metric, value=f"{metric.value:.4g}")
    for part in facts.slices:
        yield Trait(what="slice", name=f"{part.column}={part.value}")
    # Of data of its own project: what is of another, some readers see and others do not, and what people
    # looked at is written down without it.
    mine = refs.parse(facts.ref).project
    for data in facts.data:
        for column in data.columns if refs.parse(data.ref).project == mine else ():
            if column.is_personal:
                yield Trait(what="personal column", name=f"{data.ref.partition('@')[0]} {column.name}")


def _of_endpoint(facts: CardEndpoint) -> Iterator[Trait]:
    yield Trait(what="model", name="model", value=facts.live_model)
    yield from _columns("column", facts.inputs)
    for name in facts.outputs:
        yield Trait(what="output", name=name)
    for view in facts.views:
        yield Trait(what="view", name=view.partition("@")[0])
    for monitor in facts.monitors:
        yield Trait(what="monitor", name=monitor.ref)
    for gate in facts.gates:
        yield Trait(what="gate", name=gate)


def _columns(what: str, columns: Iterable[CardColumn]) -> Iterator[Trait]:
    for column in columns:
        yield Trait(what=what, name=column.name, value=column.type)


def changes(before: Iterable[Trait], after: Iterable[Trait]) -> list[TraitChange]:
    """Return in what two versions differ, sort by sort: what came and went, and values that are others."""
    old, new = _by_sort(before), _by_sort(after)
    trait_changes: list[TraitChange] = []
    for what in dict.fromkeys((*old, *new)):
        mine, theirs = old.get(what, {}), new.get(what, {})
        added, gone = (
            [each for each in theirs if each not in mine],
            [each for each in mine if each not in theirs],
        )
        if added or gone:
            trait_changes.append(TraitChange(what=what, added=added, gone=gone))
        trait_changes += [
            TraitChange(what=what, name=name, before=mine[name], after=theirs[name])
            for name in mine
            if name in theirs and mine[name] != theirs[name]
        ]
    return trait_changes


def _by_sort(traits: Iterable[Trait]) -> dict[str, dict[str, str]]:
    ordered = sorted(traits, key=lambda each: each.what)
    return {
        what: {each.name: each.value for each in some} for what, some in groupby(ordered, lambda e: e.what)
    }
