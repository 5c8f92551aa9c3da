"""The client's own keys of what was predicted, such as an order's number, with the rows' event times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import Connection, TextClause, text

from meguru.base.timestamps import write_time
from meguru.errors import InvalidInput
from meguru.predictions.outcome_store import RowId
from meguru.predictions.store import chunks

MAX_KEY = 200
_MAX_KEYS = 250
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
    try:
        key.encode()
    except UnicodeEncodeError:  # JSON's escapes can say half of a surrogate pair, and no database takes that
        raise InvalidInput(f"{path} must be text", field=path, why="it holds half a character") from None
    return key


def find(tx: Connection, endpoint: str, asked: Sequence[AskedKey]) -> list[list[RowId]]:
    """Return the predictions of each key: all those at its time, else at its newest time up to a moment."""
    found: list[list[RowId]] = [[] for _ in asked]
    for is_exact in (True, False):
        of_kind = [(number, each) for number, each in enumerate(asked) if (each[1] is not None) is is_exact]
        for some in chunks(of_kind, _MAX_KEYS):
            for row in tx.execute(*_query(endpoint, some, is_exact=is_exact)):
                found[row.number].append((row.batch_id, row.row))
    return found


def _query(
    endpoint: str, some: Sequence[tuple[int, AskedKey]], *, is_exact: bool
) -> tuple[TextClause, dict[str, Any]]:
    given: dict[str, Any] = {"endpoint": endpoint}
    for place, (number, (key, time, until)) in enumerate(some):
        given |= {f"n{place}": number, f"k{place}": key, f"t{place}": write_time(time or until)}
    return _statement(len(some), is_exact), given


@lru_cache(maxsize=8)
def _statement(count: int, is_exact: bool) -> TextClause:  # noqa: FBT001 - a key of the cache
    """Return the query for so many keys, as text: SQLAlchemy takes longer to compile it than it runs."""
    rows = ", ".join(f"(:n{place}, :k{place}, :t{place})" for place in range(count))
    latest = (
        '(SELECT max(newest."time") FROM prediction_key AS newest WHERE newest.endpoint = :endpoint '
        'AND newest."key" = given."key" AND newest."time" <= given.moment)'
    )
    return text(
        f'WITH given(number, "key", moment) AS (VALUES {rows}) '  # noqa: S608 - names of parameters alone
        'SELECT given.number, found.batch_id, found."row" FROM given JOIN prediction_key AS found '
        'ON found.endpoint = :endpoint AND found."key" = given."key" '
        f'AND found."time" = {"given.moment" if is_exact else latest}'
    )
