"""Read recorded requests chunk by chunk: memory holds one chunk, however long the record is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, func, select

from meguru.monitoring.cells.aggregate import RowChunk, hour_number
from meguru.predictions import outcome_store
from meguru.predictions.schema import outcome, prediction_batch, uncounted_batch
from meguru.predictions.store import chunks, within

CHUNK_ROWS = 50_000
"""So many rows are looked at together, and whole requests."""
CHUNK_HOURS = 500
"""So many hours' cells are made together."""
_IDS_PER_QUERY, _MAX_REQUESTS, _HOUR_PREFIX = 500, 20_000, len("2026-01-31T12")
_T = prediction_batch.c


class BatchSize(NamedTuple):
    """A request, and how many rows it has."""

    id: str
    n: int


@dataclass(frozen=True)
class Requests:
    """Requests, in order of their ids: each is listed as it is read, as there may be millions."""

    tx: Connection
    found: Select[tuple[str, int]]

    def __iter__(self) -> Iterator[BatchSize]:
        ordered = self.found.order_by(_T.id)
        for row in self.tx.execute(ordered, execution_options={"yield_per": _IDS_PER_QUERY}):
            yield BatchSize(row.id, row.n)

    @cached_property
    def rows(self) -> int:
        """How many rows they have."""
        query = self.found.with_only_columns(func.coalesce(func.sum(_T.n), 0))
        return int(self.tx.execute(query).scalar_one())

    @property
    def outcomes(self) -> int:
        """How many outcomes of them are known."""
        mine = outcome.c.batch_id.in_(self.found.with_only_columns(_T.id))
        return int(self.tx.execute(select(func.count()).select_from(outcome).where(mine)).scalar_one())


def sizes(tx: Connection, batch_ids: Iterable[str]) -> list[BatchSize]:
    """Return those of some requests that there are, by id."""
    found = []
    for some in chunks(batch_ids, _IDS_PER_QUERY):
        query = select(_T.id, _T.n).where(_T.id.in_(some)).order_by(_T.id)
        found += [BatchSize(*row) for row in tx.execute(query)]
    return found


def overlapping(tx: Connection, endpoint: str, start: datetime, end: datetime) -> Requests:
    """Return the requests that may have event times in a span."""
    return Requests(tx, select(_T.id, _T.n).where(*within(endpoint, start, end)))


def ending_first(
    tx: Connection, endpoint: str, start: datetime, end: datetime, limit: int
) -> list[BatchSize]:
    """Return those of them that end first, at most so many."""
    query = select(_T.id, _T.n).where(*within(endpoint, start, end)).order_by(_T.last_time).limit(limit)
    return [BatchSize(*row) for row in tx.execute(query)]


def waiting(tx: Connection, endpoint: str, start: datetime, end: datetime) -> Requests:
    """Return those of them that are not counted."""
    return Requests(tx, select(_T.id, _T.n).where(*_not_counted(endpoint, start, end)))


def _not_counted(endpoint: str, start: datetime, end: datetime) -> tuple[Any, ...]:
    """Return the conditions of requests that are not counted and may have event times in a span."""
    # The endpoint is only asked of the list, which is short: by the index of event times SQLite would go
    # through all that was ever recorded.
    listed, times = uncounted_batch.c, within(endpoint, start, end)[1:]
    return listed.endpoint == endpoint, listed.batch_id == _T.id, *times


def rows_by_hour(
    tx: Connection, endpoint: str, start: datetime, end: datetime, *, waiting: bool = False
) -> dict[datetime, int]:
    """Return how many rows the requests have that begin in each hour of a span; all, or those not counted.

    Of one that began before, they are in the first hour.
    """
    hour = func.substr(_T.first_time, 1, _HOUR_PREFIX)
    mine = _not_counted(endpoint, start, end) if waiting else within(endpoint, start, end)
    query = select(hour, func.sum(_T.n)).where(*mine).group_by(hour)
    found: dict[datetime, int] = {}
    for text, rows in tx.execute(query):
        began = max(start, datetime.fromisoformat(f"{text}:00+00:00"))
        found[began] = found.get(began, 0) + int(rows)
    return found


def chunked(batches: Iterable[BatchSize], rows: int = CHUNK_ROWS) -> Iterator[list[str]]:
    """Cut requests into portions of so many rows, in order; one with more is a portion of its own."""
    some: list[str] = []
    count = 0
    for size in batches:
        if some and (count + size.n > rows or len(some) >= _MAX_REQUESTS):
            yield some
            some, count = [], 0
        some.append(size.id)
        count += size.n
    if some:
        yield some


def limit_hours(tx: Connection, batch_ids: Sequence[str], most: int = CHUNK_HOURS) -> list[str]:
    """Return the first of some requests, in order of their ids, whose event times lie in few hours.

    At least one: a cell has a count for each bin of each column, however few its rows are.
    """
    taken: list[str] = []
    # Requests of replayed history may each span a year; without a bound they would make 8,760 cells each.
    hours: set[int] = set()
    for some in chunks(batch_ids, _IDS_PER_QUERY):
        query = select(_T.id, _T.first_time, _T.last_time).where(_T.id.in_(some)).order_by(_T.id)
        for row in tx.execute(query):
            first, last = hour_number(row.first_time), hour_number(row.last_time)
            hours.update(range(first, min(last, first + most) + 1))
            if taken and len(hours) > most:
                return taken
            taken.append(row.id)
    return taken


def load(tx: Connection, batch_ids: Sequence[str]) -> list[Row[Any]]:
    """Return id, model, size and payload of some requests, in order of their ids."""
    found: list[Row[Any]] = []
    for some in chunks(batch_ids, _IDS_PER_QUERY):
        query = select(_T.id, _T.model_ref, _T.n, _T.payload).where(_T.id.in_(some))
        found += tx.execute(query.order_by(_T.id))
    return found


def read_chunk(tx: Connection, batch_ids: Sequence[str]) -> RowChunk:
    """Return some requests with the outcomes that they have."""
    return RowChunk.of(load(tx, batch_ids), outcome_store.of_batches(tx, batch_ids))


def newest(tx: Connection, endpoint: str, model: str, end: datetime, count: int) -> list[Row[Any]]:
    """Return the last requests that a model answered before a moment."""
    query = select(_T.id, _T.model_ref, _T.n, _T.payload)
    mine = query.where(_T.endpoint == endpoint, _T.last_time < end, _T.model_ref == model)
    return list(tx.execute(mine.order_by(_T.last_time.desc()).limit(count)))
