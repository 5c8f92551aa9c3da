"""Keyset pages: a token holds where the page before ended, so a late page costs what the first one does."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import msgspec

from meguru.errors import InvalidInput
from meguru.storage.db.raw import RawSql
from meguru.tracking.search.compare import Condition


@dataclass(frozen=True)
class Key:
    """One column of an order; it is never NULL, and holds either numbers or texts."""

    column: str
    descending: bool = False
    numbers: bool = False

    def takes(self, value: Any) -> bool:
        """Tell whether a value of a token can be one of the column."""
        return isinstance(value, int | float) if self.numbers else isinstance(value, str)


@dataclass
class Query:
    """A SELECT that grows: where it looks, and its conditions; each with the values of its ``?``."""

    columns: str
    source: str
    source_values: list[Any] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def join(self, sql: str, *values: Any) -> None:
        """Look into one more table."""
        self.source += f" {sql}"
        self.source_values += values

    def where(self, condition: Condition) -> None:
        """Add a condition."""
        self.conditions.append(condition[0])
        self.values += condition[1]


def fetch(
    raw: RawSql, query: Query, keys: Sequence[Key], *, after: list[Any], limit: int, whole: bool = False
) -> tuple[list[tuple[Any, ...]], list[Any]]:
    """Return one page of rows, and the keys of its last one; none when there is no other page.

    A row has the query's columns first, and then its keys. With `whole`, the database finds all rows before
    it puts them in order, and can't follow an index instead.
    """
    conditions, values = list(query.conditions), list(query.values)
    if after:
        sql, more = coming_after(keys, after)
        conditions.append(sql)
        values += more
    named = ", ".join(f"{key.column} AS k{index}" for index, key in enumerate(keys))
    sql = f"SELECT {query.columns}, {named} FROM {query.source} WHERE {' AND '.join(conditions)}"  # noqa: S608
    columns = [f"k{index}" if whole else key.column for index, key in enumerate(keys)]
    order = ", ".join(
        f"{column} {'DESC' if key.descending else 'ASC'}" for column, key in zip(columns, keys, strict=True)
    )
    if whole:
        sql = f"WITH found AS MATERIALIZED ({sql}) SELECT * FROM found"  # noqa: S608
    sql += f" ORDER BY {order} LIMIT ?"
    rows = raw.execute_once(sql, [*query.source_values, *values, limit + 1]).fetchall()
    more_rows = len(rows) > limit
    return rows[:limit], list(rows[limit - 1][-len(keys) :]) if more_rows else []


def merged(
    parts: Sequence[tuple[list[tuple[Any, ...]], list[Any]]], keys: Sequence[Key], limit: int
) -> tuple[list[tuple[Any, ...]], list[Any]]:
    """Return one page out of the first pages of several questions that have no row together."""
    rows = [row for part, _ in parts for row in part]
    for place in range(-1, -len(keys) - 1, -1):
        rows.sort(key=itemgetter(place), reverse=keys[place].descending)
    is_more = len(rows) > limit or any(last for _, last in parts)
    return rows[:limit], list(rows[limit - 1][-len(keys) :]) if is_more else []


def write(values: list[Any]) -> str:
    """Spell where a page ended; nothing for nothing."""
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).decode() if values else ""


def read(token: str) -> list[Any]:
    """Read where a page ended; nothing at all is the beginning."""
    if not token:
        return []
    try:
        values = msgspec.json.decode(base64.urlsafe_b64decode(token), type=list[str | int | float])
    except (msgspec.DecodeError, binascii.Error, UnicodeError, ValueError):
        values = []
    if not values or any(isinstance(value, int) and abs(value) >= 2**63 for value in values):
        raise wrong_token()
    return values


def wrong_token() -> InvalidInput:
    """Return the refusal of a token that no page of this search gave."""
    return InvalidInput("Invalid page token: use the one of the page before, with the same filter and order")


def coming_after(keys: Sequence[Key], values: list[Any]) -> Condition:
    """Return the condition of coming after a row; refuse what can't be one of its rows."""
    if len(values) != len(keys) or not all(key.takes(value) for key, value in zip(keys, values, strict=True)):
        raise wrong_token()
    ways, given = [], []
    for index, key in enumerate(keys):
        same = [f"{before.column} = ?" for before in keys[:index]]
        ways.append(" AND ".join([*same, f"{key.column} {'<' if key.descending else '>'} ?"]))
        given += values[: index + 1]
    # The first part says nothing new: it is what an index can begin from.
    first = f"{keys[0].column} {'<=' if keys[0].descending else '>='} ?"
    return f"{first} AND ({' OR '.join(f'({way})' for way in ways)})", [values[0], *given]
