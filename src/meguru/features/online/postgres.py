"""Online rows in PostgreSQL: one table a view, in a schema of their own."""

from __future__ import annotations

import os
import queue
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from meguru.errors import Busy, MissingDependency, masked
from meguru.features.online.base import (
    FoundRow,
    KeyQuery,
    OnlineRow,
    Retraction,
    RowColumns,
    chunks,
    newest_by_key,
)

if TYPE_CHECKING:
    import psycopg

WRITE_ROWS = 5_000
SCAN_ROWS = 10_000
MAX_IDLE = 8
TIMEOUT_SECONDS = 2
_SCHEMA = "meguru_online"
_LOCK = 0x6D656775727505
_START = f"""
CREATE SCHEMA IF NOT EXISTS {_SCHEMA};
CREATE TABLE IF NOT EXISTS {_SCHEMA}.view (number bigserial PRIMARY KEY, name text NOT NULL UNIQUE)
"""


class PostgresStore:
    """One table a view; rows are compared and kept by the statement that writes them.

    Parameters
    ----------
    url
        ``postgresql://…``.
    """

    is_local = False

    def __init__(self, url: str) -> None:
        try:
            import psycopg
        except ModuleNotFoundError as error:
            raise MissingDependency.of("postgres", "psycopg") from error
        self.url, self._errors = url, psycopg.Error
        self._idle: queue.LifoQueue[tuple[int, psycopg.Connection[Any]]] = queue.LifoQueue(MAX_IDLE)
        self._tables: dict[str, str] = {}
        self._started = False

    def write(self, view: str, rows: RowColumns, retract: Sequence[Retraction] = ()) -> int:
        """Take out what is retracted, then keep the rows that are newer than what is there."""
        columns = newest_by_key(rows)
        with self._connection() as connection:
            self._start(connection)
            with connection.transaction():
                return self._upsert(connection, self._create_table(connection, view), columns, retract)

    def read(self, asked: Sequence[KeyQuery]) -> list[list[FoundRow | None]]:
        """Return the rows of keys, in the order of what is asked."""
        with self._connection() as connection:
            tables = [self._table(connection, view) for view, _ in asked]
            try:
                found = self._select(connection, tables, asked)
            except self._errors as error:
                # Undefined table: another process cleared a view since its table's name was cached here.
                if getattr(error, "sqlstate", "") != "42P01":
                    raise
                self._tables.clear()
                tables = [self._table(connection, view) for view, _ in asked]
                found = self._select(connection, tables, asked)
        return [[there.get(key) for key in keys] for there, (_, keys) in zip(found, asked, strict=True)]

    def scan(self, view: str) -> Iterator[list[OnlineRow]]:
        """Give all rows of a view, by key."""
        last, after = b"", ">="
        while True:
            with self._connection() as connection:
                if not (table := self._look_up(connection, view)):
                    return
                query = f"SELECT * FROM {table} WHERE key {after} %b ORDER BY key LIMIT {SCAN_ROWS}"
                rows = connection.execute(query, (last,), binary=True).fetchall()
            if not rows:
                return
            last, after = rows[-1][0], ">"
            yield [OnlineRow(*row) for row in rows]

    def clear(self, view: str) -> None:
        """Forget a view and all its rows."""
        with self._connection() as connection, connection.transaction():
            if table := self._look_up(connection, view):
                connection.execute(f"DROP TABLE IF EXISTS {table}")
                connection.execute(f"DELETE FROM {_SCHEMA}.view WHERE name = %s", (view,))
        self._tables.pop(view, None)

    def views(self) -> dict[str, int]:
        """Return how many rows each view has."""
        with self._connection() as connection:
            if not self._has_schema(connection):
                return {}
            rows = connection.execute(f"SELECT name, number FROM {_SCHEMA}.view ORDER BY name").fetchall()
            return {
                name: connection.execute(f"SELECT count(*) FROM {_SCHEMA}.v{number}").fetchone()[0]  # type: ignore[index]
                for name, number in rows
            }

    def close(self) -> None:
        """Close the connections of this process."""
        while not self._idle.empty():
            process, connection = self._idle.get_nowait()
            if process == os.getpid():
                connection.close()

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[Any]]:
        """Borrow a connection; one that failed is not used again."""
        connection = None
        try:
            connection = self._borrowed()
            yield connection
        except self._errors as error:
            if connection is not None:
                connection.close()
            why = masked(str(error).partition("\n")[0])
            raise Busy("the online store can't be reached", where=masked(self.url), why=why) from error
        except BaseException:
            if connection is not None:
                connection.close()
            raise
        try:
            self._idle.put_nowait((os.getpid(), connection))
        except queue.Full:
            connection.close()

    def _borrowed(self) -> psycopg.Connection[Any]:
        import psycopg

        while True:
            try:
                process, connection = self._idle.get_nowait()
            except queue.Empty:
                break
            # One of before a fork is the parent's: its socket must be neither used nor closed here.
            if process == os.getpid() and not connection.closed:
                return connection
        return psycopg.connect(
            self.url,
            autocommit=True,
            connect_timeout=TIMEOUT_SECONDS,
            tcp_user_timeout=1000 * TIMEOUT_SECONDS,  # of a server that went away with its machine
            keepalives_idle=TIMEOUT_SECONDS,
            keepalives_interval=1,
            application_name="meguru online",
        )

    def _start(self, connection: psycopg.Connection[Any]) -> None:
        if not self._started:
            with connection.transaction():
                # CREATE … IF NOT EXISTS is not safe against itself: two sessions at once, and one is refused.
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
                connection.execute(_START)
            self._started = True

    def _has_schema(self, connection: psycopg.Connection[Any]) -> bool:
        row = connection.execute("SELECT to_regclass(%s)", (f"{_SCHEMA}.view",)).fetchone()
        return row is not None and row[0] is not None

    def _create_table(self, connection: psycopg.Connection[Any], view: str) -> str:
        if table := self._look_up(connection, view):
            return table
        # One at a time makes tables: two CREATE TABLE IF NOT EXISTS at once may both try, and one fails.
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        connection.execute(f"INSERT INTO {_SCHEMA}.view (name) VALUES (%s) ON CONFLICT DO NOTHING", (view,))
        table = self._look_up(connection, view)
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS {table} (key bytea PRIMARY KEY, event bigint NOT NULL,"
            " created bigint NOT NULL, sequence bigint NOT NULL, packed bytea NOT NULL)"
        )
        return table

    def _table(self, connection: psycopg.Connection[Any], view: str) -> str:
        return self._tables.get(view) or self._look_up(connection, view)

    def _look_up(self, connection: psycopg.Connection[Any], view: str) -> str:
        """Return the table of a view; empty if it has none. A number is never used for another view."""
        if not self._started and not self._has_schema(connection):
            return ""
        row = connection.execute(f"SELECT number FROM {_SCHEMA}.view WHERE name = %s", (view,)).fetchone()
        if row is None:
            return ""
        table = self._tables[view] = f"{_SCHEMA}.v{row[0]}"
        return table

    def _upsert(
        self,
        connection: psycopg.Connection[Any],
        table: str,
        rows: RowColumns,
        retract: Sequence[Retraction],
    ) -> int:
        new = 0
        for some in chunks(retract, WRITE_ROWS):
            connection.execute(
                f"DELETE FROM {table} AS t USING unnest(%b::bytea[], %b::bigint[], %b::bigint[], %b::bytea[])"
                " AS g (key, event, created, packed) WHERE t.key = g.key AND t.event = g.event"
                " AND t.created = g.created AND t.packed = g.packed",
                _columns(some),
            )
        # Rows are locked in the order of keys: two writers may wait for each other, and never deadlock.
        for part in chunks(sorted(rows.rows()), WRITE_ROWS):
            new += connection.execute(
                f"INSERT INTO {table} AS t SELECT * FROM unnest(%b::bytea[], %b::bigint[], %b::bigint[],"
                " %b::bigint[], %b::bytea[]) ON CONFLICT (key) DO UPDATE SET event = excluded.event,"
                " created = excluded.created, sequence = excluded.sequence, packed = excluded.packed"
                " WHERE (excluded.event, excluded.created, excluded.sequence, excluded.packed)"
                " > (t.event, t.created, t.sequence, t.packed)",
                _columns(part),
            ).rowcount
        return new

    def _select(
        self, connection: psycopg.Connection[Any], tables: Sequence[str], asked: Sequence[KeyQuery]
    ) -> list[dict[bytes, FoundRow]]:
        """Read of all tables, in one round trip."""
        found: list[dict[bytes, FoundRow]] = [{} for _ in asked]
        queries, values = [], []
        for number, (table, (_, keys)) in enumerate(zip(tables, asked, strict=True)):
            if table and keys:
                queries.append(
                    f"SELECT {number}, key, event, created, packed FROM {table}"
                    " WHERE key = ANY(%b::bytea[]) AND packed <> '\\xff'"
                )
                values.append(list(keys))
        if queries:
            for number, key, *row in connection.execute(" UNION ALL ".join(queries), values, binary=True):
                found[number][key] = (row[0], row[1], row[2])
        return found


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
