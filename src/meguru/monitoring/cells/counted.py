"""How many rows and outcomes a span has: from cells, so that it does not take longer the more there are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from meguru.monitoring.cells import record, store
from meguru.monitoring.cells.summing import whole_hours
from meguru.predictions import spans, uncounted
from meguru.predictions.schema import outcome
from meguru.predictions.spans import CountedRows
from meguru.predictions.store import chunks

_A_QUERY = 900


def counted(tx: Connection, endpoint: str, start: datetime, end: datetime) -> CountedRows:
    """Count the rows and outcomes in ``[start, end)``, and a few more: those of requests that reach in."""
    hours = whole_hours(start, end)
    if hours is None or not store.turn(tx, endpoint)[0] or uncounted.is_anew(tx, endpoint):
        return spans.counted(tx, endpoint, start, end)
    parts = [store.counted_within(tx, endpoint, *hours)]
    edges = [(start, hours[0]), (hours[1], end)]
    parts += [spans.counted(tx, endpoint, *edge) for edge in edges if edge[0] < edge[1]]
    waiting = record.waiting(tx, endpoint, *hours)
    changed = sum(n for _, n, _ in uncounted.outcomes(tx, endpoint, hours))
    known = _outcomes(tx, [each.id for each in waiting])
    parts.append(CountedRows(sum(each.n for each in waiting), known + changed))
    return CountedRows(*map(sum, zip(*parts, strict=True)))


def _outcomes(tx: Connection, batch_ids: list[str]) -> int:
    table = outcome.c
    query = select(func.count()).select_from(outcome)
    some = chunks(batch_ids, _A_QUERY)
    return sum(tx.execute(query.where(table.batch_id.in_(ids))).scalar_one() for ids in some)
