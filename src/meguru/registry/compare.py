"""Compare two versions: on the same rows, with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Literal

import msgspec

from meguru.base import digests, refs
from meguru.errors import InvalidInput, MeguruError, NotFound
from meguru.flavors.bundle import Bundle, load_bundle
from meguru.flavors.comparing import HoldoutRows, score_models
from meguru.kernel.operations import Context, operation
from meguru.kernel.projects import in_projects
from meguru.metrics import Metric, ScoredRows
from meguru.registry import store
from meguru.registry.cache import fetch_model
from meguru.registry.holdout_rows import metrics_of
from meguru.registry.loading import loading_turn
from meguru.registry.types import ModelVersion
from meguru.stats.intervals import Interval

Better = Literal["first", "second", "undecided"]
MAX_METRICS = 20


class IntervalBounds(msgspec.Struct, frozen=True, kw_only=True):
    """A number with the interval that holds the truth; a bound that the rows can't tell is None."""

    value: float | None
    low: float | None
    high: float | None


class MetricComparison(msgspec.Struct, frozen=True, kw_only=True):
    """One metric of both versions on the same rows; `difference` is the first minus the second, paired.

    `better` says which one is, if the interval of the difference leaves no doubt.
    """

    metric: str
    unit: str
    direction: str
    first: IntervalBounds
    second: IntervalBounds
    difference: IntervalBounds
    better: Better


class ModelComparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two versions beside each other.

    `rows` of the holdout of `rows_of` were asked of both. Where that was not possible, `metrics` is empty and
    `reason` says why; what was measured of each one alone is with the versions.
    """

    first: ModelVersion
    second: ModelVersion
    level: float
    rows: int = 0
    rows_of: str = ""
    metrics: list[MetricComparison] = []
    reason: str = ""


@operation("model.compare", permission="model:read", query=True, on="first", refers={"second": "model"})
def compare(
    ctx: Context, *, first: str, second: str, metrics: list[str] | None = None, level: float = 0.95
) -> ModelComparison:
    """Compare two versions on the same rows: each metric with its interval, and the paired difference.

    The rows are the holdout of the first one, or of the second if the first has none. Both models are loaded
    and asked here, which takes a second or more.
    """
    if not 0.5 <= level < 1:
        raise InvalidInput("a level lies between 0.5 and 1", field="level", why=f"it is {level:g}")
    if len(metrics or ()) > MAX_METRICS:
        raise InvalidInput("too many metrics", field="metrics", why=f"up to {MAX_METRICS} at a time")
    other = refs.parse(second, kind="model").name
    if not in_projects(ctx.visible, other):
        raise NotFound.of("model", other)
    with nullcontext(ctx.tx) if ctx.is_open else ctx.ws.read() as tx:
        both = [store.resolve_verified(tx, each) for each in (first, second)]
    comparison = ModelComparison(first=both[0], second=both[1], level=level)
    try:
        with loading_turn():
            sides = [load_bundle(fetch_model(ctx.ws, version.tree_digest), code=True) for version in both]
            return _compared(comparison, sides, metrics or [])
    except InvalidInput as error:
        if metrics:
            raise
        return msgspec.structs.replace(comparison, reason=_reason(error))


def _reason(error: MeguruError) -> str:
    return "; ".join(filter(None, (error.what, error.why)))


def _compared(known: ModelComparison, sides: Sequence[Bundle], names: Sequence[str]) -> ModelComparison:
    _check_tasks(*sides)
    owner = next((place for place, side in enumerate(sides) if side.holdout() is not None), None)
    frame = None if owner is None else sides[owner].holdout()
    if owner is None or frame is None:
        raise InvalidInput(
            "neither version has a holdout to compare on",
            field="holdout",
            hint="Model(…, holdout=frame, label='late')",
        )
    columns, wanted = sides[owner].evaluation.holdout_columns, metrics_of(sides[owner], names)
    rows = HoldoutRows(frame=frame, columns=columns, name="the holdout")
    first, second = score_models(sides, rows, {name for each in wanted for name in each.columns})
    seed = int(digests.of_value([known.first.digest, known.second.digest])[:8], 16)
    found = []
    for metric in wanted:
        try:
            if not metric.missing(first) and not metric.missing(second):
                found.append(_pair(metric, first, second, known.level, seed))
        except InvalidInput:  # scores that are no probabilities have no log loss
            if names:
                raise
    return msgspec.structs.replace(
        known, rows=len(first), rows_of=(known.first, known.second)[owner].ref, metrics=found
    )


def _check_tasks(first: Bundle, second: Bundle) -> None:
    if first.task.key != second.task.key:
        raise InvalidInput(
            "versions of different tasks can't be compared",
            why=f"one is {first.task.key}, the other {second.task.key}",
        )


def _pair(metric: Metric, first: ScoredRows, second: ScoredRows, level: float, seed: int) -> MetricComparison:
    one, other = (metric.interval(rows, level=level, seed=seed) for rows in (first, second))
    difference = metric.difference(first, second, level=level, seed=seed)
    return MetricComparison(
        metric=metric.name,
        unit=metric.unit,
        direction=metric.direction,
        first=_bounds(one),
        second=_bounds(other),
        difference=_bounds(difference),
        better=_better(difference, metric.direction),
    )


def _bounds(found: Interval) -> IntervalBounds:
    value, low, high = (
        each if math.isfinite(each) else None for each in (found.estimate, found.low, found.high)
    )
    return IntervalBounds(value=value, low=low, high=high)


def _better(difference: Interval, direction: str) -> Better:
    if difference.low > 0:
        return "first" if direction == "higher" else "second"
    if difference.high < 0:
        return "second" if direction == "higher" else "first"
    return "undecided"
