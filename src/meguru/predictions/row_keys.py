"""The client's own keys of what was predicted, such as an order's number, with the rows' event times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, Integer, String, column, func, select, values

from meguru.errors import InvalidInput
from meguru.predictions.outcome_store import Place
from meguru.predictions.schema import prediction_key
from meguru.predictions.store import chunks
from meguru.storage.db import UtcTime

MAX_KEY = 200
_A_QUERY = 250
AskedKey: TypeAlias = tuple[str, datetime | None, datetime]
"""A key; the event time of the row if it was said; and no later than when the row happened otherwise."""


def checked(key: Any, path: str) -> str:
    """Return a key as it is kept: text of 1 to 200 characters; a whole number is its digits."""
    if isinstance(key, int) and not isinstance(key, bool):
        key = str(key)
    if not isinstance(key, str):
        what = f"{path} must be text or a whole number"
        raise InvalidInput(what, field=path, why=f"it is {str(key)[:40]}")
    if not 1 <= len(key) <= MAX_KEY or "\0" in key:
        why = f"it has {len(key)}" if key else "it is empty"
        raise InvalidInput(f"{path} must have 1 to {MAX_KEY} characters", field=path, why=why)
    return key


def places(tx: Connection, endpoint: str, asked: Sequence[AskedKey]) -> list[list[Place]]:
    """Return the predictions of each key: all those at its time, else at its newest time up to a moment."""
    found: list[list[Place]] = [[] for _ in asked]
    for is_exact in (True, False):
        of_kind = [(number, each) for number, each in enumerate(asked) if (each[1] is not None) is is_exact]
        for some in chunks(of_kind, _A_QUERY):
            for row in tx.execute(_query(endpoint, some, is_exact=is_exact)):
                found[row.number].append((row.batch_id, row.row))
    return found


def _query(endpoint: str, some: Sequence[tuple[int, AskedKey]], *, is_exact: bool) -> Any:
    rows = [(number, key, time or until) for number, (key, time, until) in some]
    columns = column("number", Integer), column("key", String), column("at", UtcTime)
    given = values(*columns, name="given").data(rows).cte("given").c
    table, newest = prediction_key.c, prediction_key.alias("newest").c
    latest = (
        select(func.max(newest.time))
        .where(newest.endpoint == endpoint, newest.key == given.key, newest.time <= given.at)
        .scalar_subquery()
    )
    return select(given.number, table.batch_id, table.row).where(
        table.endpoint == endpoint, table.key == given.key, table.time == (given.at if is_exact else latest)
    )
