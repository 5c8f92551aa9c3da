"""SQL of pushed rows, on an open transaction."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from meguru.features.materialization.schema import pushed_frame


class Pending(NamedTuple):
    """A view with frames that are in no version of its source yet."""

    name: str
    frames: int
    rows: int
    oldest: datetime


def add(tx: Connection, name: str, number: int, at: datetime, rows: int, content: bytes) -> None:
    """Write a pushed frame."""
    values = {"name": name, "number": number, "at": at, "rows": rows, "content": content}
    tx.execute(insert(pushed_frame).values(values))


def pending(tx: Connection) -> list[Pending]:
    """Return the views with frames that wait."""
    c = pushed_frame.c
    query = select(c.name, func.count(), func.sum(c.rows), func.min(c.at)).group_by(c.name).order_by(c.name)
    return [Pending(*row) for row in tx.execute(query)]


def last_number(tx: Connection, name: str) -> int:
    """Return the number of the newest frame of a view that waits; 0 if none does."""
    query = select(func.max(pushed_frame.c.number)).where(pushed_frame.c.name == name)
    return tx.execute(query).scalar() or 0


def frames(tx: Connection, name: str, limit: int, max_rows: int | None = None) -> list[tuple[int, bytes]]:
    """Return the oldest frames of a view that wait, with their numbers.

    With `max_rows` only as many as have so many rows together, but one at least.
    """
    c = pushed_frame.c
    first = select(c.number, c.rows).where(c.name == name).order_by(c.number).limit(limit)
    last, size = 0, 0
    for row in tx.execute(first):
        size += row.rows
        if max_rows is not None and last and size > max_rows:
            break
        last = row.number
    query = select(c.number, c.content).where(c.name == name, c.number <= last).order_by(c.number)
    return [(row.number, row.content) for row in tx.execute(query)]


def replace(tx: Connection, name: str, number: int, rows: int, content: bytes) -> None:
    """Write a frame anew; one without rows goes."""
    here = (pushed_frame.c.name == name) & (pushed_frame.c.number == number)
    if rows:
        tx.execute(update(pushed_frame).where(here).values(rows=rows, content=content))
    else:
        tx.execute(delete(pushed_frame).where(here))


def take_out(tx: Connection, name: str, upto: int) -> None:
    """Delete frames that are in a version of the source now."""
    tx.execute(delete(pushed_frame).where(pushed_frame.c.name == name, pushed_frame.c.number <= upto))
