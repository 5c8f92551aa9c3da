"""Keyset pages: a token holds where the page before ended, so a late page costs what the first one does."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, and_, or_

from meguru.api.mlflow.errors import invalid
from meguru.api.mlflow.params import Params, bad


@dataclass(frozen=True)
class Key:
    """One column of an order; it is never NULL."""

    column: Any
    descending: bool = False


def limit_of(params: Params, *, default: int, most: int) -> int:
    """Return how many results are wanted."""
    limit = params.integer("max_results", default) or 0
    if params.given.get("max_results") is None:
        return default
    if not 0 < limit <= most:
        raise bad("max_results", limit, f"it is at least 1 and at most {most}")
    return limit


def fetch(
    tx: Connection, query: Select[Any], keys: list[Key], *, token: str, limit: int
) -> tuple[list[Row[Any]], str]:
    """Return one page of rows, and the token of the next; empty when this is the last one."""
    named = [key.column.label(f"key_{index}") for index, key in enumerate(keys)]
    query = query.add_columns(*named)
    if token:
        query = query.where(_after(keys, _read(token, len(keys))))
    query = query.order_by(*(key.column.desc() if key.descending else key.column.asc() for key in keys))
    rows = list(tx.execute(query.limit(limit + 1)))
    if len(rows) <= limit:
        return rows, ""
    last = rows[limit - 1]._mapping
    return rows[:limit], _write([last[f"key_{index}"] for index in range(len(keys))])


def _after(keys: list[Key], values: list[Any]) -> Any:
    """Return the condition of coming after a row."""
    ways = []
    for index, key in enumerate(keys):
        same = [before.column == value for before, value in zip(keys[:index], values, strict=False)]
        beyond = key.column < values[index] if key.descending else key.column > values[index]
        ways.append(and_(*same, beyond))
    return or_(*ways)


def _write(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).decode()


def _read(token: str, count: int) -> list[Any]:
    try:
        values = msgspec.json.decode(base64.urlsafe_b64decode(token), type=list[str | int | float])
    except (msgspec.DecodeError, binascii.Error, UnicodeError, ValueError):
        values = []
    if len(values) != count:
        raise invalid("Invalid page token: use the one of the page before, with the same filter and order")
    return values
