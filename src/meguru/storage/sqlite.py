"""An embedded workspace's database by way of Python's own `sqlite3`: for commands that must be instant.

Importing SQLAlchemy takes longer than such a command has. The stores whose statements run here are written
for `meguru.storage.statements.Statements`.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from meguru.storage.revision import newest

BUSY_SECONDS = 30.0
_TEXT = re.compile(r"VARCHAR\((\d+)\)")


class SqliteSession:
    """Statements on a connection of `sqlite3`, outside of a transaction or `writing`."""

    is_sqlite = True

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lengths: dict[str, dict[str, int]] = {}

    def execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run one statement; return its cursor."""
        return self._connection.execute(sql, values)

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each row."""
        self._connection.executemany(sql, rows)

    def lengths(self, table: str) -> Mapping[str, int]:
        """Return how many characters columns hold: as the table was declared, for SQLite ignores it."""
        if table not in self._lengths:
            columns = self._connection.execute("SELECT name, type FROM pragma_table_info(?)", (table,))
            found = ((name, _TEXT.fullmatch(declared)) for name, declared in columns)
            self._lengths[table] = {name: int(match[1]) for name, match in found if match}
        return self._lengths[table]

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the one write transaction of the database: committed at the end, rolled back by an error."""
        # The lock first: a transaction that reads, and only then asks to write, is refused when anybody has
        # written meanwhile.
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.rollback()
            raise

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def connect(path: Path, synchronous: str) -> SqliteSession | None:
    """Open a database that is there and has today's schema; None if it is neither."""
    if not path.is_file():
        return None
    made = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        made.execute(f"PRAGMA synchronous={'NORMAL' if synchronous == 'NORMAL' else 'FULL'}")
        made.execute("PRAGMA foreign_keys=1")
        found = made.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error:
        found = None
    if found is None or found[0] != newest():
        made.close()
        return None
    return SqliteSession(made)
