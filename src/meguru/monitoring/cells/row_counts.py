"""How many rows and outcomes a span has: mostly from cells, so in bounded time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from meguru.monitoring.cells import record, store
from meguru.monitoring.cells.summing import whole_hours
from meguru.predictions import aggregation_queue, spans
from meguru.predictions.spans import CountedRows


def counted(tx: Connection, endpoint: str, start: datetime, end: datetime) -> CountedRows:
    """Count the rows and outcomes in ``[start, end)``, and a few more: those of requests that reach in."""
    hours = whole_hours(start, end)
    if hours is None or not store.turn(tx, endpoint)[0] or aggregation_queue.needs_recount(tx, endpoint):
        return spans.counted(tx, endpoint, start, end)
    parts = [store.counted_within(tx, endpoint, *hours)]
    edges = [(start, hours[0]), (hours[1], end)]
    parts += [spans.counted(tx, endpoint, *edge) for edge in edges if edge[0] < edge[1]]
    waiting = record.waiting(tx, endpoint, *hours)
    changed = sum(n for _, n, _ in aggregation_queue.outcomes(tx, endpoint, hours))
    parts.append(CountedRows(waiting.rows, waiting.outcomes + changed))
    return CountedRows(*map(sum, zip(*parts, strict=True)))
