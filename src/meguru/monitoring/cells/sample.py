"""A bounded, reproducible random sample of a window's rows, for checks that counts are not enough for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Connection

from meguru.monitoring.cells import record, row_hashes, store
from meguru.monitoring.cells.aggregate import hour_of
from meguru.monitoring.cells.record import BatchSize
from meguru.predictions import aggregation_queue, outcome_store
from meguru.predictions.ids import join
from meguru.predictions.types import ID_COLUMN, TIME_COLUMN
from meguru.predictions.window import agreeing, answered, with_outcomes

if TYPE_CHECKING:
    import polars as pl

_HOUR = timedelta(hours=1)
SAMPLE_ROWS = 200_000
"""A window of so many rows is taken whole."""
_MIN_REQUESTS = 50
"""At least so many requests are looked into, where there are as many: their rows resemble each other."""
_MAX_LISTED = 20_000


def sample(
    tx: Connection,
    endpoint: str,
    start: datetime,
    end: datetime,
    rows: int = SAMPLE_ROWS,
    listed: int = _MAX_LISTED,
) -> pl.DataFrame:
    """Return about so many of the rows of a window, in order of event time; see `predictions.window.frame`.

    Requests are drawn without replacement, each as likely as any other: in order of a hash of their ids, so
    that the same window gives the same sample on every machine. Of more than `listed` requests each hour
    gives those that follow a random moment, as many as its share of the rows. Of a large request evenly
    spread rows are taken, at most a fiftieth of the sample where there are fifty requests. An estimate from
    it is one of the window but for the noise of the draw; its interval takes rows of one request for
    independent.
    """
    import polars as pl

    there = record.ending_first(tx, endpoint, start, end, listed + 1)
    if len(there) > listed:
        there = list(_sample_by_hour(tx, endpoint, (start, end), rows))
    # Order by a hash is a shuffle that needs no seed: the same requests give the same sample anywhere.
    ordered = sorted(there, key=lambda each: row_hashes.of_text(each.id))
    most = max(1, -(-rows // min(_MIN_REQUESTS, max(1, len(ordered)))))
    drawn, left = [], rows
    for each in ordered:
        if left <= 0:
            break
        drawn.append(each)
        left -= min(each.n, most)
    small = [each for each in drawn if each.n <= most]
    large = [(each, -(-each.n // most)) for each in drawn if each.n > most]
    parts = [answered(record.load(tx, ids)) for ids in record.chunked(small)]
    parts += [_spread(tx, each, step) for each, step in large]
    known = outcome_store.of_batches(tx, [each.id for each in small])
    known += [
        row for each, step in large for row in outcome_store.every(tx, each.id, step, _first(each, step))
    ]
    whole = pl.concat(agreeing([answered([]), *parts]), how="diagonal_relaxed")
    time = pl.col(TIME_COLUMN)
    whole = whole.filter((time >= start) & (time < end)).sort(TIME_COLUMN, maintain_order=True)
    return with_outcomes(whole, known)


def _sample_by_hour(
    tx: Connection, endpoint: str, span: tuple[datetime, datetime], rows: int
) -> Iterator[BatchSize]:
    """Give requests of each hour of a span that follow a moment of it, as many as its share of the rows."""
    by_hour = _rows_by_hour(tx, endpoint, *span)
    total = sum(by_hour.values())
    for hour, count in sorted(by_hour.items()):
        # Stratified by hour: an index range scan for each, instead of a sort of millions of requests.
        quota = -(-rows * count // total)
        moment = hour + _HOUR * (row_hashes.of_text(f"{endpoint} {hour.isoformat()}") / 2**64)
        sizes = record.ending_first(tx, endpoint, moment, hour + _HOUR, quota)
        yield from sizes
        if len(sizes) < quota:
            known = {size.id for size in sizes}
            rest = record.ending_first(tx, endpoint, hour, moment, quota - len(sizes))
            yield from (size for size in rest if size.id not in known)


def _rows_by_hour(tx: Connection, endpoint: str, start: datetime, end: datetime) -> dict[datetime, int]:
    """Return about how many rows each hour has, whether they are counted by now or not."""
    first = hour_of(start)
    if not store.turn(tx, endpoint)[0] or aggregation_queue.needs_recount(tx, endpoint):
        return record.rows_by_hour(tx, endpoint, first, end)
    found = store.rows_by_hour(tx, endpoint, first, end)
    for hour, count in record.rows_by_hour(tx, endpoint, first, end, waiting=True).items():
        found[hour] = found.get(hour, 0) + count
    return found


def _first(batch: BatchSize, step: int) -> int:
    return row_hashes.of_text(batch.id) % step


def _spread(tx: Connection, batch: BatchSize, step: int) -> pl.DataFrame:
    """Return every so many-th row of a large request."""
    import polars as pl

    places = np.arange(_first(batch, step), batch.n, step)
    rows = answered(record.load(tx, [batch.id]), with_ids=False)[places]
    ids = pl.Series(ID_COLUMN, [join(batch.id, row) for row in places.tolist()], dtype=pl.String)
    return rows.with_columns(ids)
