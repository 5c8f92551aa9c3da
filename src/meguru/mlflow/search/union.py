"""One page out of several tables: each is asked in its own words, and the database puts them in one order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from meguru.storage.db.raw import RawSql
from meguru.tracking.search.pages import Key, Query, coming_after

Branch = tuple[Query, Sequence[Key]]
"""What is asked of one table, and its columns of the order: as many, and in the same directions, for each."""


def fetch(
    raw: RawSql, branches: Sequence[Branch], *, after: list[Any], limit: int
) -> tuple[list[tuple[Any, ...]], list[Any]]:
    """Return one page of rows, and the keys of its last one; none when there is no other page.

    A row has the columns of its branch first, and then its keys.
    """
    first = branches[0][1]
    order = ", ".join(f"k{index} {'DESC' if key.descending else 'ASC'}" for index, key in enumerate(first))
    parts, given = [], []
    for query, keys in branches:
        conditions, values = list(query.conditions), list(query.values)
        if after:
            sql, more = coming_after(keys, after)
            conditions.append(sql)
            values += more
        named = ", ".join(f"{key.column} AS k{index}" for index, key in enumerate(keys))
        part = f"SELECT {query.columns}, {named} FROM {query.source} WHERE {' AND '.join(conditions)}"  # noqa: S608
        given += [*query.source_values, *values]
        if len(branches) > 1 and not raw.is_sqlite:
            # SQLite merges what each gives in order; PostgreSQL would sort all of both.
            part = f"({part} ORDER BY {order} LIMIT ?)"
            given.append(limit + 1)
        parts.append(part)
    sql = f"{' UNION ALL '.join(parts)} ORDER BY {order} LIMIT ?"
    rows = raw.execute(sql, [*given, limit + 1]).fetchall()
    is_more = len(rows) > limit
    return rows[:limit], list(rows[limit - 1][-len(first) :]) if is_more else []
