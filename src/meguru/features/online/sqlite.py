"""Online rows in an SQLite file: many processes read it while one writes."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from meguru.errors import Busy
from meguru.features.online.base import FoundRow, KeyQuery, OnlineRow, Retraction, RowColumns, newest_by_key

BUSY_SECONDS = 30.0
MAPPED_BYTES = 1 << 30
CACHED_BYTES = 64 << 20
SCAN_ROWS = 10_000
MAX_KEYS_AT_ONCE = 16
"""So many keys of all views together are read by one statement."""
_LENGTHS = (16, 128, 512)
"""Keys in one IN list, padded with the last one: few texts of statements, so that the cached ones are used
again."""
_NO_TABLE = "no such table"


class SqliteStore:
    """One table a view, in a file of its own; its journal lets readers go on while rows are written.

    Parameters
    ----------
    path
        The file; it is made when something is written.
    synchronous
        ``FULL`` survives a power cut, ``NORMAL`` a killed process.
    """

    is_local = True

    def __init__(self, path: Path, *, synchronous: str = "FULL") -> None:
        self.path = path
        self._synchronous = "NORMAL" if synchronous == "NORMAL" else "FULL"
        self._local = threading.local()
        self._opened: list[tuple[int, threading.Thread, sqlite3.Connection]] = []

    def write(self, view: str, rows: RowColumns, retract: Sequence[Retraction] = ()) -> int:
        """Take out what is retracted, then keep the rows that are newer than what is there."""
        columns = newest_by_key(rows)
        with self._writing() as connection:
            table = _made(connection, view)
            connection.executemany(
                f"DELETE FROM {table} WHERE key = ? AND event = ? AND created = ? AND packed = ?", retract
            )
            # Counted by the database: rows that are older than what is there are given, and change nothing.
            before = connection.total_changes
            connection.executemany(
                f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET"
                " event = excluded.event, created = excluded.created, sequence = excluded.sequence,"
                " packed = excluded.packed"
                " WHERE (excluded.event, excluded.created, excluded.sequence, excluded.packed)"
                f" > ({table}.event, {table}.created, {table}.sequence, {table}.packed)",
                columns.rows(),
            )
            return connection.total_changes - before

    def read(self, asked: Sequence[KeyQuery]) -> list[list[FoundRow | None]]:
        """Return the rows of keys, in the order of what is asked."""
        try:
            connection = self._connection()
            try:
                return self._read(connection, asked)
            except sqlite3.OperationalError as error:
                if _NO_TABLE not in str(error):
                    raise
            # Another thread or process cleared a view since the name of its table was cached here.
            self._local.tables.clear()
            return self._read(connection, asked)
        except sqlite3.Error as error:
            raise self._away(error) from error

    def scan(self, view: str) -> Iterator[list[OnlineRow]]:
        """Give all rows of a view, by key."""
        last, after = b"", ">="
        while True:
            try:
                connection = self._connection()
                if not (table := self._table(connection, view)):
                    return
                query = f"SELECT * FROM {table} WHERE key {after} ? ORDER BY key LIMIT {SCAN_ROWS}"
                rows = connection.execute(query, (last,)).fetchall()
            except sqlite3.Error as error:
                raise self._away(error) from error
            if not rows:
                return
            last, after = rows[-1][0], ">"
            yield [OnlineRow(*row) for row in rows]

    def clear(self, view: str) -> None:
        """Forget a view and all its rows."""
        with self._writing() as connection:
            if table := self._table(connection, view):
                connection.execute(f"DROP TABLE {table}")
                connection.execute("DELETE FROM view WHERE name = ?", (view,))
        self._local.tables.pop(view, None)

    def views(self) -> dict[str, int]:
        """Return how many rows each view has."""
        if not self.path.exists():
            return {}
        try:
            connection = self._connection()
            names = connection.execute("SELECT name, number FROM view ORDER BY name").fetchall()
            return {
                name: connection.execute(f"SELECT count(*) FROM v{number}").fetchone()[0]
                for name, number in names
            }
        except sqlite3.Error as error:
            raise self._away(error) from error

    def close(self) -> None:
        """Close the connections of this process."""
        opened, self._opened = self._opened, []
        self._local = threading.local()
        for process, _, connection in opened:
            if process == os.getpid():  # else it is that of a process that this one was forked from
                connection.close()

    def _connection(self) -> sqlite3.Connection:
        """Return this thread's connection; one that was made before a fork is another process's."""
        local = self._local
        if getattr(local, "process", 0) == os.getpid():
            connection: sqlite3.Connection = local.connection
            return connection
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self.path, timeout=BUSY_SECONDS, isolation_level=None, cached_statements=512,
            check_same_thread=False,
        )  # fmt: skip
        connection.execute("PRAGMA journal_mode=WAL")  # readers go on while one writes
        connection.execute(f"PRAGMA synchronous={self._synchronous}")
        connection.execute(f"PRAGMA mmap_size={MAPPED_BYTES}")
        connection.execute(f"PRAGMA cache_size=-{CACHED_BYTES >> 10}")
        connection.execute("CREATE TABLE IF NOT EXISTS view (number INTEGER PRIMARY KEY AUTOINCREMENT,"
                           " name TEXT NOT NULL UNIQUE)")  # fmt: skip
        local.process, local.connection, local.tables = os.getpid(), connection, {}
        self._close_those_of_ended_threads()
        self._opened.append((os.getpid(), threading.current_thread(), connection))
        return connection

    def _close_those_of_ended_threads(self) -> None:
        """Keep no more connections than threads: a server's threads come and go."""
        for each in list(self._opened):
            process, thread, connection = each
            if process == os.getpid() and not thread.is_alive():
                with suppress(ValueError):  # another thread did so just now
                    self._opened.remove(each)
                    connection.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        connection = None
        try:
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._away(error) from error
        finally:
            if connection is not None and connection.in_transaction:
                connection.rollback()

    def _table(self, connection: sqlite3.Connection, view: str) -> str:
        """Return the table of a view; empty if it has none. A number is never used for another view."""
        row = connection.execute("SELECT number FROM view WHERE name = ?", (view,)).fetchone()
        if row is None:
            return ""
        table = self._local.tables[view] = f"v{row[0]}"
        return table

    def _read(self, connection: sqlite3.Connection, asked: Sequence[KeyQuery]) -> list[list[FoundRow | None]]:
        known = self._local.tables
        tables = [known.get(view) or self._table(connection, view) for view, _ in asked]
        if sum([len(keys) for _, keys in asked]) <= MAX_KEYS_AT_ONCE:
            return _few(connection, tables, asked)
        # one snapshot for all keys, and one lock of the file instead of one a statement
        connection.execute("BEGIN")
        try:
            return [
                _many(connection, table, keys) if table else [None] * len(keys)
                for table, (_, keys) in zip(tables, asked, strict=True)
            ]
        finally:
            connection.execute("ROLLBACK")

    def _away(self, error: sqlite3.Error) -> Busy:
        return Busy("the store of online features can't be used", where=str(self.path), why=str(error))


def _made(connection: sqlite3.Connection, view: str) -> str:
    connection.execute("INSERT INTO view (name) VALUES (?) ON CONFLICT DO NOTHING", (view,))
    row = connection.execute("SELECT number FROM view WHERE name = ?", (view,)).fetchone()
    table = f"v{row[0]}"
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {table} (key BLOB PRIMARY KEY, event INTEGER NOT NULL, created INTEGER"
        " NOT NULL, sequence INTEGER NOT NULL, packed BLOB NOT NULL) WITHOUT ROWID"
    )
    return table


def _few(
    connection: sqlite3.Connection, tables: Sequence[str], asked: Sequence[KeyQuery]
) -> list[list[FoundRow | None]]:
    """Read a few keys of some tables by one statement."""
    found: list[list[FoundRow | None]] = [[None] * len(keys) for _, keys in asked]
    shape = tuple([(table, len(keys)) for table, (_, keys) in zip(tables, asked, strict=True)])
    if query := _query_of(shape):
        values = [key for table, (_, keys) in zip(tables, asked, strict=True) if table for key in keys]
        for number, place, event, created, packed in connection.execute(query, values):
            found[number][place] = (event, created, packed)
    return found


@lru_cache(maxsize=1024)
def _query_of(shape: tuple[tuple[str, int], ...]) -> str:
    arms = [
        f"SELECT {number}, {place}, event, created, packed FROM {table} WHERE key = ? AND packed <> x'ff'"
        for number, (table, count) in enumerate(shape)
        if table
        for place in range(count)
    ]
    return " UNION ALL ".join(arms)


def _many(connection: sqlite3.Connection, table: str, keys: Sequence[bytes]) -> list[FoundRow | None]:
    """Read keys of a table by lists of a few lengths, so that statements are reused."""
    found: dict[bytes, FoundRow] = {}
    for start in range(0, len(keys), _LENGTHS[-1]):
        part = list(keys[start : start + _LENGTHS[-1]])
        length = next(each for each in _LENGTHS if each >= len(part))
        part += [part[-1]] * (length - len(part))
        marks = ",".join("?" * length)
        query = f"SELECT key, event, created, packed FROM {table} WHERE key IN ({marks}) AND packed <> x'ff'"
        found.update({row[0]: row[1:] for row in connection.execute(query, part)})
    return [found.get(key) for key in keys]
