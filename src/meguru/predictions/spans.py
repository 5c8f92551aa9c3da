"""How much lies in a span of event time, estimated by whole requests: quick, and an upper bound.

A request whose rows lie on both sides of a boundary counts on both.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from meguru.predictions import payload
from meguru.predictions.schema import outcome, prediction_batch
from meguru.predictions.store import within
from meguru.predictions.types import TIME_COLUMN

_TICK = timedelta(microseconds=1)
_PAGE_SIZE = 100
_T = prediction_batch.c


class CountedRows(NamedTuple):
    """Rows, and those of them whose outcome is known."""

    rows: int
    outcomes: int


def counted(tx: Connection, endpoint: str, start: datetime, end: datetime) -> CountedRows:
    """Count the rows and outcomes of the requests that may have event times in ``[start, end)``."""
    here = within(endpoint, start, end)
    rows = tx.execute(select(func.coalesce(func.sum(_T.n), 0)).where(*here)).scalar_one()
    known = select(func.count()).select_from(outcome.join(prediction_batch, _T.id == outcome.c.batch_id))
    return CountedRows(int(rows), tx.execute(known.where(*here)).scalar_one())


def first_time(tx: Connection, endpoint: str) -> datetime | None:
    """Return an early event time of an endpoint: the first one of the request that ends first."""
    query = select(_T.first_time).where(_T.endpoint == endpoint).order_by(_T.last_time, _T.id).limit(1)
    return tx.execute(query).scalar()


def recorded(tx: Connection, endpoint: str) -> tuple[datetime | None, datetime | None]:
    """Return the span of an endpoint's event times, its end not in it; None twice when there are none."""
    query = select(func.min(_T.first_time), func.max(_T.last_time)).where(_T.endpoint == endpoint)
    first, last = tx.execute(query).one()
    return first, None if last is None else last + _TICK


def rows_from(tx: Connection, endpoint: str, start: datetime) -> int:
    """Count the rows of the requests that may have event times from `start` on."""
    here = (_T.endpoint == endpoint) & (_T.last_time >= start)
    return int(tx.execute(select(func.coalesce(func.sum(_T.n), 0)).where(here)).scalar_one())


def end_of_rows(tx: Connection, endpoint: str, start: datetime, count: int) -> datetime | None:
    """Return the moment right after the `count`-th row from `start` on; None when there are not so many."""
    here = (_T.endpoint == endpoint) & (_T.last_time >= start)
    query = select(_T.first_time, _T.last_time, _T.payload).where(here).order_by(_T.first_time, _T.id)
    times: list[datetime] = []
    found: datetime | None = None
    # A page at a time: PostgreSQL's driver would fetch the payloads of all that was recorded since.
    with tx.execute(query, execution_options={"yield_per": _PAGE_SIZE}) as rows:
        for row in rows:
            if found is not None and row.first_time >= found:
                break  # this request, and all that follow, begin after the row that we look for
            times += [time for time in _times(row.payload) if time >= start]
            if len(times) >= count:
                times = sorted(times)[:count]
                found = times[-1]
    return None if found is None else found + _TICK


def _times(content: bytes) -> list[datetime]:
    times: list[datetime] = payload.frame_of(content).get_column(TIME_COLUMN).to_list()
    return times
