"""What is not counted; asked every second or two, without NumPy, which the counting takes."""

from __future__ import annotations

from sqlalchemy import Connection, select

from meguru.monitoring import store as monitors
from meguru.monitoring.cells.schema import monitor_cell
from meguru.predictions import aggregation_queue

_LONG_BACKLOG = 1_000
"""So many requests, or calls with outcomes, are a list that is let go if no monitor wants it counted."""


def backlog(tx: Connection) -> tuple[list[str], list[str]]:
    """Return the endpoints that a monitor watches, and of which something is not counted.

    Then those that no monitor watches, and of which a long list was written for nobody, or cells are left
    that may name who was erased.
    """
    watched = {each.endpoint for each in monitors.all_monitors(tx) if each.endpoint}
    found = aggregation_queue.endpoints(tx)
    others = [each for each in found if each not in watched]
    return [each for each in found if each in watched], [each for each in others if _needs_cleanup(tx, each)]


def _needs_cleanup(tx: Connection, endpoint: str) -> bool:
    long = (
        len(aggregation_queue.batches(tx, endpoint, _LONG_BACKLOG)) == _LONG_BACKLOG
        or aggregation_queue.changes(tx, endpoint, _LONG_BACKLOG) == _LONG_BACKLOG
    )
    return long or (aggregation_queue.needs_recount(tx, endpoint) and has_cells(tx, endpoint))


def has_cells(tx: Connection, endpoint: str) -> bool:
    """Tell whether an endpoint has any cell."""
    query = select(monitor_cell.c.hour).where(monitor_cell.c.endpoint == endpoint)
    return tx.execute(query.limit(1)).first() is not None
