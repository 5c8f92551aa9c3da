"""Statements that a store writes as text, with ``?`` for each value: they run on any connection that is open.

A store that is also used where SQLAlchemy is not imported (it takes longer than all that such a command has
to do) is written for `Statements`. `meguru.storage.db.raw.RawSql` carries them out in a transaction of
SQLAlchemy, on SQLite and PostgreSQL; `meguru.storage.sqlite.SqliteSession` does without SQLAlchemy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Statements(Protocol):
    """An open connection. Its errors are its own: SQLAlchemy's, or those of `sqlite3`."""

    @property
    def is_sqlite(self) -> bool:
        """Whether it is SQLite, where the two databases need different statements."""

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """Run one statement; return its cursor, whose rows are tuples."""

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each row."""

    def lengths(self, table: str) -> Mapping[str, int]:
        """Return how many characters the columns of a table hold that don't hold any number of them."""


def marks(count: int) -> str:
    """Return so many ``?``, with commas."""
    return ", ".join("?" * count)
