"""Compare live answers with a frozen model's, month by month, on the rows that both answered."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from meguru.business.estimate import BLOCKS
from meguru.business.questions import Question, ask, versions_of
from meguru.business.tables import both_answered
from meguru.business.types import WINDOW, BusinessMetric
from meguru.business.value import other_value
from meguru.business.worker import ConfinedEstimates
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context
from meguru.predictions.types import TIME_COLUMN
from meguru.serving.value.types import ValueSpan
from meguru.stats.block_jackknife import student_interval

if TYPE_CHECKING:
    import polars as pl

MAX_MONTHS = 60
_INTO_NEXT_MONTH = timedelta(days=4)


class MonthRows:
    """The rows of a month; `of_rows` counts what there was, when `rows` become a sample."""

    def __init__(self, start: datetime, end: datetime, rows: pl.DataFrame) -> None:
        self.start, self.end, self.rows, self.of_rows = start, end, rows, rows.height


def months_of(rows: pl.DataFrame, start: datetime, end: datetime) -> list[MonthRows]:
    """Cut rows, in the order of event time, into calendar months (UTC).

    Raises
    ------
    InvalidInput
        If there are no rows, or too many months.
    """
    import polars as pl

    named = rows.with_columns(pl.col(TIME_COLUMN).dt.truncate("1mo").alias("_month"))
    parts = named.partition_by("_month", maintain_order=True)
    if not rows.height:
        raise InvalidInput("nothing was predicted in this span", field="start")
    if len(parts) > MAX_MONTHS:
        why = f"it has {len(parts)} months, and {MAX_MONTHS} are told"
        raise InvalidInput("the span is too long", why=why, hint="ask for a part of it", field="start")
    found = []
    for part in parts:
        first = part["_month"][0]
        after = (first.replace(day=28) + _INTO_NEXT_MONTH).replace(day=1)
        found.append(MonthRows(max(first, start), min(after, end), part.drop("_month")))
    return found


def compared(
    ctx: Context, metric: BusinessMetric, model: str, months: Sequence[MonthRows]
) -> tuple[list[ValueSpan], ValueSpan]:
    """Ask the metric of each month's rows, and of all together: of both models' answers.

    Raises
    ------
    InvalidInput
        If the frozen model answered none of the rows.
    """
    import polars as pl

    versions = versions_of(ctx.tx, metric)
    pairs = [both_answered(month.rows, model) for month in months]
    known = [(each, pair) for each, pair in zip(months, pairs, strict=True) if pair[0].height]
    if not known:
        raise InvalidInput(f"{model} answered none of these rows", field="frozen")
    whole = tuple(pl.concat([pair[side] for _, pair in known], how="diagonal_relaxed") for side in (0, 1))
    questions = [Question(metric, versions, pair) for pair in (*(pair for _, pair in known), whole)]
    answers = ask(ctx.tx, ctx.blobs, questions)
    spans = [
        _span(each.start, each.end, each.of_rows, metric, answer, pair[0].height)
        for (each, pair), answer in zip(known, answers[:-1], strict=True)
    ]
    rows = sum(month.of_rows for month in months)
    total = _span(months[0].start, months[-1].end, rows, metric, answers[-1], whole[0].height)
    return (list(_added_up(spans)) if metric.per == WINDOW else spans), total


def _span(
    start: datetime, end: datetime, of_rows: int, metric: BusinessMetric, answer: ConfinedEstimates, rows: int
) -> ValueSpan:
    found = other_value("", answer, rows)
    if found is None:
        why = answer.error or "no row of the answer has a value"
        return ValueSpan(start=start, end=end, rows=rows, of_rows=of_rows, problem=why)
    up = metric.direction == "higher"
    ends = (found.low, found.high) if up else (_minus(found.high), _minus(found.low))
    return ValueSpan(
        start=start,
        end=end,
        rows=rows,
        of_rows=of_rows,
        live=found.live,
        frozen=found.value,
        gain=found.difference if up else 0.0 - found.difference,
        low=ends[0],
        high=ends[1],
        error=found.error,
    )


def _minus(value: float | None) -> float | None:
    return None if value is None else 0.0 - value


def _added_up(spans: Sequence[ValueSpan]) -> Iterator[ValueSpan]:
    """Add gains up: months don't depend on each other, so that their variances are added."""
    # Errors of independent estimates add up as squares: the interval grows with the root of the number of
    # months.
    total = variance = 0.0
    for span in spans:
        total += span.gain or 0.0
        variance += (span.error or 0.0) ** 2
        sure = student_interval(total, math.sqrt(variance), BLOCKS, span.rows)
        yield msgspec.structs.replace(
            span, cumulative=total, cumulative_low=sure.low, cumulative_high=sure.high
        )
