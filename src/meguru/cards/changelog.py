"""The change-log of a model: what is another one in each version, and what became of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from meguru.artifacts import why
from meguru.artifacts.types import Cause
from meguru.base.paging import check_limit
from meguru.cards.facts.model import model_facts
from meguru.cards.facts.reader import RecordReader
from meguru.cards.facts.types import CardData, CardGate, CardMetric, CardModel, CardRelease
from meguru.cards.traits import changes, traits_of
from meguru.cards.types import CardChange, TraitChange
from meguru.errors import NotFound
from meguru.kernel.operations import Context, operation
from meguru.registry import store as models

MetricVerdict = Literal["better", "worse", "no certain difference", "not comparable"]
CERTAIN = 1.959963984540054
"""Quantile of the normal distribution for 95 %."""


class MetricMovement(msgspec.Struct, frozen=True, kw_only=True):
    """A metric of a version beside that of the one before.

    `paired` says that a gate compared both on the same rows; else each was measured on rows of its own.
    """

    metric: str
    before: CardMetric | None
    after: CardMetric
    verdict: MetricVerdict
    paired: bool = False


class DataMovement(msgspec.Struct, frozen=True, kw_only=True):
    """Data of a version beside those of the one before; None where it used none of that name."""

    name: str
    before: CardData | None
    after: CardData | None


class ChangelogEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What a version of a model brought; `before` is the version it is compared with, empty for the first.

    `causes` led to it, the first cause first. Of data, params and code only what is another one is told.
    """

    ref: str
    version: int
    at: datetime | None
    by: str
    note: str
    before: str
    causes: list[Cause]
    data: list[DataMovement]
    commits: tuple[str, str]
    packages: list[CardChange]
    params: list[CardChange]
    traits: list[TraitChange]
    metrics: list[MetricMovement]
    gates: list[CardGate]
    releases: list[CardRelease]


@operation("card.changelog", permission="card:read", query=True, on="model", refers={"model": "model"})
def changelog(ctx: Context, *, model: str, limit: int = 20) -> list[ChangelogEntry]:
    """Tell what changed in each version of a model, newest first, as far as the caller may see it."""
    reader = RecordReader.of(ctx)
    name = models.check_name(ctx.tx, model.removeprefix("model/").partition("@")[0])
    versions = models.versions(ctx.tx, name, before=None, limit=check_limit(limit) + 1)
    facts = [model_facts(reader, version.ref) for version in versions]
    pairs = zip(facts, [*facts[1:], None], strict=True)
    return [_entry(ctx, reader, new, old) for new, old in pairs][:limit]


def _entry(ctx: Context, reader: RecordReader, new: CardModel, old: CardModel | None) -> ChangelogEntry:
    sorts = {"feature", "class", "task", "slice"}
    return ChangelogEntry(
        ref=new.ref,
        version=new.version,
        at=new.created_at,
        by=new.created_by,
        note=new.note,
        before=old.ref if old else "",
        causes=_causes(ctx, new.ref) if reader.may("lineage", new.ref) else [],
        data=list(_data(new, old)),
        commits=(old.code.commit if old else "", new.code.commit),
        packages=_differences("package", _packages(new), _packages(old)),
        params=_differences("params", new.params, old.params if old is not None else {}),
        traits=[change for change in changes(traits_of(old), traits_of(new)) if change.what in sorts]
        if old
        else [],
        metrics=[_movement(metric, old, new.gates) for metric in new.metrics],
        gates=new.gates,
        releases=new.releases,
    )


def _causes(ctx: Context, ref: str) -> list[Cause]:
    try:
        return list(why.show.function(ctx, ref=ref).chain)
    except NotFound:
        return []


def _data(new: CardModel, old: CardModel | None) -> Iterator[DataMovement]:
    mine = {_name(each): each for each in (old.data if old else [])}
    theirs = {_name(card_data): card_data for card_data in new.data}
    for name in dict.fromkeys((*theirs, *mine)):
        before, after = mine.get(name), theirs.get(name)
        if before is None or after is None or before.ref != after.ref:
            yield DataMovement(name=name, before=before, after=after)


def _name(data: CardData) -> str:
    return data.ref.partition("@")[0]


def _packages(facts: CardModel | None) -> dict[str, str]:
    pairs = (each.partition("==") for each in (facts.code.packages if facts else []))
    return {name.strip(): version.strip() for name, _, version in pairs}


def _differences(section: str, new: Mapping[str, Any], old: Mapping[str, Any]) -> list[CardChange]:
    if not old:
        return []
    return [
        CardChange(section=section, name=name, before=old.get(name), after=new.get(name))
        for name in dict.fromkeys((*old, *new))
        if old.get(name) != new.get(name)
    ]


def _movement(after: CardMetric, old: CardModel | None, gates: list[CardGate]) -> MetricMovement:
    before = next((each for each in (old.metrics if old else []) if each.metric == after.metric), None)
    paired = _paired(after, old, gates)
    verdict: MetricVerdict = "not comparable"
    if paired is not None:
        verdict = paired
    elif before is not None:
        verdict = _verdict(before, after)
    return MetricMovement(
        metric=after.metric, before=before, after=after, verdict=verdict, paired=paired is not None
    )


def _paired(after: CardMetric, old: CardModel | None, gates: list[CardGate]) -> MetricVerdict | None:
    """Return what a gate said that compared both versions on the same rows; None if none did."""
    for gate in gates:
        numbers = gate.numbers
        low, high = numbers.get("low"), numbers.get("high")
        same = old is not None and numbers.get("against") == old.ref and numbers.get("metric") == after.metric
        if same and low is not None and high is not None:
            return _certainly(float(low), float(high), str(numbers.get("direction", after.direction)))
    return None


def _verdict(before: CardMetric, after: CardMetric) -> MetricVerdict:
    r"""Compare two values that were measured on rows of their own, by the widths of their intervals.

    Notes
    -----
    The error of a difference of independent estimates is :math:`\sqrt{s_1^2 + s_2^2}`, each :math:`s` half
    the width of its interval over the quantile. Where rows are shared the difference is surer than that.
    """
    errors = [_error(each) for each in (before, after)]
    if errors[0] is None or errors[1] is None:
        return "not comparable"
    margin = CERTAIN * math.hypot(errors[0], errors[1])
    gap = after.value - before.value
    return _certainly(gap - margin, gap + margin, after.direction)


def _error(metric: CardMetric) -> float | None:
    from statistics import NormalDist

    if metric.low is None or metric.high is None or not 0 < metric.level < 1:
        return None
    return (metric.high - metric.low) / (2 * NormalDist().inv_cdf(0.5 + metric.level / 2))


def _certainly(low: float, high: float, direction: str) -> MetricVerdict:
    if low > 0:
        return "better" if direction == "higher" else "worse"
    if high < 0:
        return "worse" if direction == "higher" else "better"
    return "no certain difference"
