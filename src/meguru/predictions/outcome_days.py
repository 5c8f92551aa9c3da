"""How often what counts as outcome changed, by the day of the request.

Who makes data of outcomes asks here what is new: a number only grows, in the transaction of the change, so
what was not seen yet is exactly what differs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache

from sqlalchemy import Connection, Executable, func, select

from meguru.predictions.schema import outcome_day, prediction_batch
from meguru.predictions.store import chunks
from meguru.storage.db.upsert import insert_into

_MAX_PARAMETERS = 900
_DAY = 10


def add(tx: Connection, endpoint: str, batch_ids: Iterable[str]) -> None:
    """Count changes, one for each time that a batch is named."""
    times, days = Counter(batch_ids), Counter[str]()
    table = prediction_batch.c
    for some in chunks(times, _MAX_PARAMETERS):
        # Times are kept as ISO 8601 text: the first ten characters are the day in UTC.
        query = select(table.id, func.substr(table.received_at, 1, _DAY)).where(table.id.in_(some))
        for batch_id, day in tx.execute(query):
            days[day] += times[batch_id]
    if days:
        rows = [{"endpoint": endpoint, "day": day, "changes": days[day]} for day in sorted(days)]
        # In the order of the days: two transactions that lock the same rows in other orders deadlock.
        tx.execute(_upsert(tx.dialect.name), rows)


def changes(tx: Connection, endpoint: str) -> dict[str, int]:
    """Return the number of changes by day (``2026-01-31``, UTC), in order."""
    table = outcome_day.c
    query = select(table.day, table.changes).where(table.endpoint == endpoint).order_by(table.day)
    return {row.day: row.changes for row in tx.execute(query)}


@cache
def _upsert(dialect: str) -> Executable:
    statement, known = insert_into(outcome_day, dialect), outcome_day.c
    return statement.on_conflict_do_update(
        index_elements=[known.endpoint, known.day],
        set_={"changes": known.changes + statement.excluded.changes},
    )
