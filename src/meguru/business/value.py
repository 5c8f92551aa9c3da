"""The values of metrics in a window: the rows are read once for all, and evaluated in a sandbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection

from meguru.base import digests
from meguru.business import worker
from meguru.business.estimate import MetricEstimate
from meguru.business.questions import Question, ask, features_of, needs_outcomes, versions_of
from meguru.business.tables import both_answered, shadows_of
from meguru.business.types import BusinessMetric, BusinessValue, OtherValue, SliceValue
from meguru.datasets.types import DatasetVersion
from meguru.errors import MeguruError
from meguru.predictions import spans
from meguru.predictions.types import ID_COLUMN, MODEL_COLUMN, OUTCOME_COLUMN
from meguru.predictions.window import frame
from meguru.stats.block_jackknife import student_interval
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl

MAX_SHADOWS = 3
"""Models that scored along, of which it is told what the value had been with them."""
MAX_ROWS = 5_000_000
"""Rows of a window that a metric can be asked of."""
_ROWS_PER_HASH = 100_000


def measure_all(
    tx: Connection,
    blobs: BlobStore,
    metrics: Sequence[BusinessMetric],
    start: datetime,
    end: datetime,
) -> list[BusinessValue]:
    """Return what some metrics of one endpoint come to in a window; nothing is stored.

    One that can't be measured says why (`BusinessValue.problem`).
    """
    if not metrics:
        return []
    endpoint = metrics[0].endpoint
    count = spans.counted(tx, endpoint, start, end)
    if count.rows > MAX_ROWS:
        why = f"the window has {count.rows:,} predictions, and up to {MAX_ROWS:,} are read"
        return [_problem(business_metric, start, end, why) for business_metric in metrics]
    # Read once for all metrics, and only the columns that any may name: a window can be millions of rows.
    rows = frame(tx, endpoint, start, end, features=features_of(metrics))
    others = {model: both_answered(rows, model) for model in shadows_of(rows)[:MAX_SHADOWS]}
    found = []
    asked: list[tuple[int, str, Question]] = []
    for at, metric in enumerate(metrics):
        try:
            versions = versions_of(tx, metric)
        except MeguruError as error:
            found.append(_problem(metric, start, end, ": ".join(filter(None, (error.what, error.why))), rows))
            continue
        found.append(_problem(metric, start, end, "", rows))
        asked.append((at, "", Question(metric, versions, (rows,))))
        asked += [(at, model, Question(metric, versions, pair)) for model, pair in others.items()]
    answers = ask(tx, blobs, [each for _, _, each in asked])
    for (at, model, each), answer in zip(asked, answers, strict=True):
        if model:
            found[at] = with_other(found[at], model, answer, each.frames[0].height)
        else:
            found[at] = _valued(each, answer, rows, start, end)
    return found


def with_other(
    value: BusinessValue, model: str, answer: worker.ConfinedEstimates, rows: int
) -> BusinessValue:
    """Return a value with what it had been if another model had answered; as it is, if nobody can tell."""
    other = other_value(model, answer, rows)
    return value if other is None else msgspec.structs.replace(value, others=[*value.others, other])


def other_value(model: str, answer: worker.ConfinedEstimates, rows: int) -> OtherValue | None:
    """Return what a value had been if another model had answered; None if nobody can tell."""
    estimates = answer.found
    if estimates is None or len(estimates.numbers) < 2:
        return None
    live, other = estimates.numbers
    if live is None or other is None or estimates.difference is None:
        return None
    low, high = interval_of(estimates.difference)
    return OtherValue(
        model=model,
        value=other.value,
        live=live.value,
        difference=estimates.difference.value,
        low=low,
        high=high,
        error=estimates.difference.error,
        rows=rows,
    )


def _valued(
    question: Question, answer: worker.ConfinedEstimates, rows: pl.DataFrame, start: datetime, end: datetime
) -> BusinessValue:
    metric, estimates = question.metric, answer.found
    number = estimates.numbers[0] if estimates else None
    low, high = interval_of(number)
    nothing = "no row of the answer has a value" if rows.height else "nothing was predicted in this window"
    return msgspec.structs.replace(
        _problem(metric, start, end, ("" if number else nothing) if estimates else answer.error, rows),
        value=number.value if number else None,
        low=low,
        high=high,
        method=number.method if number else "",
        slices=[_slice(name, each) for name, each in estimates.slices.items()] if estimates else [],
        datasets=[version.ref for version in question.versions.values()],
        digest=_digest(metric, rows, question.versions),
    )


def interval_of(number: MetricEstimate | None) -> tuple[float | None, float | None]:
    """Return the ends of the 95 % interval; None twice when the rows don't tell."""
    if number is None or number.error is None:
        return None, None
    interval = student_interval(number.value, number.error, number.blocks, number.blocks)
    return interval.low, interval.high


def _slice(name: str, number: MetricEstimate) -> SliceValue:
    low, high = interval_of(number)
    return SliceValue(slice=name, value=number.value, low=low, high=high)


def state_of(tx: Connection, metrics: Sequence[BusinessMetric]) -> list[object]:
    """Return what the values of metrics depend on beside the predictions and outcomes, as plain values."""
    state: list[object] = []
    for metric in metrics:
        try:
            read = [version.digest for version in versions_of(tx, metric).values()]
        except MeguruError as error:
            read = [error.what]
        state.append([_declared(metric), read])
    return state


def _declared(metric: BusinessMetric) -> dict[str, object]:
    left_out = ("created_at", "created_by", "description")
    return {name: value for name, value in msgspec.structs.asdict(metric).items() if name not in left_out}


def _digest(metric: BusinessMetric, rows: pl.DataFrame, versions: dict[str, DatasetVersion]) -> str:
    seen = rows.select(ID_COLUMN, MODEL_COLUMN, OUTCOME_COLUMN)
    read = [version.digest for version in versions.values()]
    parts = [digests.of_bytes(part.write_ndjson().encode()) for part in seen.iter_slices(_ROWS_PER_HASH)]
    return digests.of_value([_declared(metric), read, parts])


def _problem(
    metric: BusinessMetric, start: datetime, end: datetime, why: str, rows: pl.DataFrame | None = None
) -> BusinessValue:
    return BusinessValue(
        metric=metric.name,
        start=start,
        end=end,
        unit=metric.unit,
        direction=metric.direction,
        target=metric.target,
        per=metric.per,
        rows=0 if rows is None else rows.height,
        outcomes=0 if rows is None else rows[OUTCOME_COLUMN].count(),
        known=needs_outcomes(metric),
        problem=why,
        digest=digests.of_value([_declared(metric), why]),
    )
