"""An embedded workspace's database by way of Python's own `sqlite3`: for commands that must be instant.

Importing SQLAlchemy takes longer than such a command has. What is written is the same, row by row: moments
and JSON are spelled as the column types of `meguru.storage.db` spell them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec

from meguru.base.timestamps import write_time
from meguru.storage.revision import newest

BUSY_SECONDS = 30.0
SqliteRow = dict[str, Any]


def connect(path: Path, synchronous: str) -> sqlite3.Connection | None:
    """Open a database that is there and has today's schema; None if it is neither."""
    if not path.is_file():
        return None
    made = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    made.row_factory = _as_dict
    try:
        made.execute(f"PRAGMA synchronous={'NORMAL' if synchronous == 'NORMAL' else 'FULL'}")
        made.execute("PRAGMA foreign_keys=1")
        found = made.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error:
        found = None
    if found is None or found["version_num"] != newest():
        made.close()
        return None
    return made


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """Hold the one write transaction of the database: committed at the end, rolled back by an error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def insert(connection: sqlite3.Connection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows; keys that are no column are left out."""
    columns = {row["name"] for row in connection.execute(f"PRAGMA table_info({table})")}
    names = [name for name in rows[0] if name in columns] if rows else []
    if names:
        marks = ", ".join("?" * len(names))
        quoted = ", ".join(f'"{name}"' for name in names)
        # The names come from our own structs and from the schema, never from outside.
        statement = f"INSERT INTO {table} ({quoted}) VALUES ({marks})"  # noqa: S608
        connection.executemany(statement, [[_plain(row[name]) for name in names] for row in rows])


def read_json(text: str | None, kind: Any = Any) -> Any:
    """Read a JSON column."""
    return msgspec.json.decode(text or "null", type=kind)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, datetime):
        return write_time(value)
    return msgspec.json.encode(value, order="sorted").decode()


def _as_dict(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> SqliteRow:
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}
