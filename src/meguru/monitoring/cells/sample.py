"""A bounded random sample of a window's rows, for what counts don't tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Connection

from meguru.monitoring.cells import marks, record
from meguru.monitoring.cells.record import BatchSize
from meguru.predictions import outcome_store
from meguru.predictions.types import TIME_COLUMN
from meguru.predictions.window import agreeing, answered, with_outcomes

if TYPE_CHECKING:
    import polars as pl

ROWS = 200_000
"""A window of so many rows is taken whole."""
_REQUESTS = 50
"""At least so many requests are looked into, where there are as many: their rows resemble each other."""


def sample(tx: Connection, endpoint: str, start: datetime, end: datetime, rows: int = ROWS) -> pl.DataFrame:
    """Return at most so many of the rows of a window, in order of event time; see `predictions.window.frame`.

    Requests are drawn without replacement, each as likely as any other: in order of a hash of their ids, so
    that the same window gives the same sample on every machine. Of a large request evenly spread rows are
    taken, at most one fiftieth of the sample where there are fifty requests. An estimate from it is one of
    the window but for the noise of the draw; its interval takes rows of one request for independent.
    """
    import polars as pl

    there = record.overlapping(tx, endpoint, start, end)
    drawn = list(_drawn(sorted(there, key=lambda each: marks.of_text(each.id)), rows))
    found = [_some(part, most) for part, most in _loaded(tx, drawn)]
    time = pl.col(TIME_COLUMN)
    whole = pl.concat(agreeing([answered([]), *found]), how="diagonal_relaxed")
    whole = whole.filter((time >= start) & (time < end)).sort(TIME_COLUMN, maintain_order=True)
    return with_outcomes(whole, outcome_store.of_batches(tx, [each.id for each, _ in drawn]))


def _drawn(ordered: Sequence[BatchSize], rows: int) -> Iterator[tuple[BatchSize, int]]:
    """Give requests, and how many rows are taken of each, until there are enough."""
    most = max(1, -(-rows // min(_REQUESTS, max(1, len(ordered)))))
    for each in ordered:
        taken = min(each.n, most)
        if taken > rows:
            return
        yield each, taken
        rows -= taken


def _loaded(tx: Connection, drawn: Sequence[tuple[BatchSize, int]]) -> Iterator[tuple[pl.DataFrame, Any]]:
    taken = {each.id: most for each, most in drawn}
    small = [each for each, most in drawn if most == each.n]
    for ids in record.portions(small):
        yield answered(record.load(tx, ids)), None
    for each, most in drawn:
        if most < each.n:
            yield answered(record.load(tx, [each.id])), taken[each.id]


def _some(part: pl.DataFrame, most: int | None) -> pl.DataFrame:
    if most is None:
        return part
    return part[np.linspace(0, part.height - 1, most).astype(np.int64)]
