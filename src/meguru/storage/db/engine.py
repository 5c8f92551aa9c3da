"""Connections and transactions.

A *read* transaction sees one consistent moment. A *write* transaction is the only one of its
workspace on SQLite (``BEGIN IMMEDIATE``), so it never has to be tried again half-way.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.pool import QueuePool

from meguru.errors import Busy, MissingDependency, UsageError, masked
from meguru.storage.db.faults import explain
from meguru.storage.db.group_commit import GroupCommit
from meguru.storage.db.limits import check_lengths
from meguru.storage.db.raw import RawSql

BUSY_SECONDS = 30.0


class Database:
    """One database, opened by its SQLAlchemy URL or ``postgresql://…``.

    Safe to use from many threads and, with other `Database` objects, from many processes; not across
    a fork (open a new one in the child).
    """

    def __init__(self, url: str, *, sqlite_synchronous: str = "FULL") -> None:
        self.url = _normal(url)
        self.revision = ""
        """The schema that this process knows, once it has looked: a newer one may come while it runs."""
        self.is_sqlite = self.url.startswith("sqlite")
        self._writer = threading.Lock()
        self.last_write = 0.0
        """When a write transaction of this process ended last, on the monotonic clock."""
        self.engine = _sqlite(self.url, sqlite_synchronous) if self.is_sqlite else _postgres(self.url)
        # SQLite's readers have connections that can do nothing else.
        self._readers = (
            _sqlite(self.url, sqlite_synchronous, query_only=True) if self.is_sqlite else self.engine
        )
        event.listen(self.engine, "before_cursor_execute", check_lengths)
        self._idle_writer: list[Connection] = []  # one at most; its `pop` gives it to one thread alone
        self._counting = threading.Lock()
        self._counter: Connection | None = None
        self._is_closed = False
        self.group_commit = GroupCommit(self)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a read transaction; nothing in it can change the database."""
        with self.explained(), self._readers.connect() as connection:
            # What is read ends with a rollback when the connection goes back to its pool.
            # A deferred transaction sees the moment of its first statement until it ends; by default
            # PostgreSQL would show each statement a moment of its own.
            if self.is_sqlite:
                RawSql(connection).execute("BEGIN")
            else:
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a write transaction: committed when the block ends, rolled back when it raises.

        Raises
        ------
        Busy
            If another writer held the database longer than 30 s, or the database does not answer.
        """
        with self._turn(), self.explained(), self._writer_connection() as connection:
            # Begun in so many words: what goes round SQLAlchemy is to be committed too.
            connection.begin()
            # The lock first: a transaction that reads, and only then asks to write, is refused by SQLite if
            # anybody has written meanwhile, and all its work would have to be done again.
            if self.is_sqlite:
                RawSql(connection).execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.commit()
                self.last_write = time.monotonic()
            except BaseException:
                connection.rollback()
                raise

    def change_counter(self, sql: str) -> int | None:
        """Return a number that is another one after each commit that changes what `sql` selects.

        `sql` selects one number, which each commit in question makes another one; on SQLite the file says
        for less that anybody has committed anything. Either costs a part of a read transaction. Raises
        nothing: None if it can't be asked.
        """
        if self._is_closed:
            return None
        # A connection of its own, in no transaction: the file's number is that of the commits of all others.
        with self._counting:
            try:
                if self._counter is None:
                    self._counter = self._readers.connect()
                    if not self.is_sqlite:
                        self._counter.execution_options(isolation_level="AUTOCOMMIT")
                driver: Any = self._counter.connection.driver_connection
                row = driver.execute("PRAGMA data_version" if self.is_sqlite else sql).fetchone()
            except Exception:  # noqa: BLE001 - whatever the driver raises: a server that is away, or was
                self._close_counter()
                return None
        return row[0] if row else 0

    def _close_counter(self) -> None:
        kept, self._counter = self._counter, None
        if kept is not None:
            kept.invalidate()
            kept.close()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        # Threads of this process queue here, in order, rather than spin on SQLite's file lock.
        if not self.is_sqlite:
            yield
            return
        if not self._writer.acquire(timeout=BUSY_SECONDS):
            raise Busy("the database is busy: another writer has held it for 30 s")
        try:
            yield
        finally:
            self._writer.release()

    @contextmanager
    def _writer_connection(self) -> Iterator[Connection]:
        if not self.is_sqlite:
            with self.engine.connect() as connection:
                yield connection
            return
        # Within `_turn` there is one writer of this process, so its connection need not go back to the pool,
        # which takes as long as a small transaction. What failed is closed: nobody finds its state.
        kept = self._take_idle_writer()
        connection = self.engine.connect() if kept is None or kept.invalidated else kept
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._idle_writer.append(connection)
        if self._is_closed:  # meanwhile: by whom it was not found
            self._close_idle_writer()

    def _take_idle_writer(self) -> Connection | None:
        try:
            return self._idle_writer.pop()
        except IndexError:
            return None

    def _close_idle_writer(self) -> None:
        kept = self._take_idle_writer()
        if kept is not None:
            kept.detach()  # the pool it came from may be disposed of by now, and would keep it open
            kept.close()

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Raise what the database refuses as an error of ours; other errors pass."""
        try:
            yield
        except NoConnection as error:
            raise Busy("all connections to the database are in use", where=masked(self.url)) from error
        except StatementError as error:
            meguru_error = explain(error, masked(self.url)) or self._newer_schema()
            if meguru_error is None:
                raise
            raise meguru_error from error

    def _newer_schema(self) -> Busy | None:
        """Return what to say if the schema was changed under this process, which asks for what is gone."""
        if not self.revision:
            return None
        try:
            with self._readers.connect() as connection:
                found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        except SQLAlchemyError:
            return None
        if found == self.revision:
            return None
        # Busy, so that clients ask again: whoever is started in this process's place answers them.
        return Busy(
            "a newer Meguru has brought this workspace up to date while this process ran",
            where=masked(self.url),
            why=f"its schema has revision {found} now, and this process knows {self.revision}",
            hint="start this process again, with the newer Meguru",
        )

    def close(self) -> None:
        """Finish what waits to be written, and close all idle connections; others when they are idle."""
        self.group_commit.close()
        self._is_closed = True
        self._close_idle_writer()
        with self._counting:
            self._close_counter()
        self.engine.dispose()
        self._readers.dispose()


def _normal(url: str) -> str:
    if url.startswith("postgres://"):
        url = "postgresql://" + url.removeprefix("postgres://")
    if url.startswith("postgresql://"):
        url = "postgresql+psycopg://" + url.removeprefix("postgresql://")
    hint = "use a folder, sqlite:///FILE or postgresql://USER@HOST/NAME"
    if not url.startswith(("sqlite:", "postgresql+psycopg:")):
        raise UsageError(f"the database URL {masked(url)!r} is of no kind that Meguru knows", hint=hint)
    try:
        make_url(url)
    except (ArgumentError, ValueError):
        # Its words may repeat a part of the password.
        why = "a password with @ : / or % must be percent-encoded"
        raise UsageError("the database URL can't be read", why=why, hint=hint) from None
    return url


def _sqlite(url: str, synchronous: str, *, query_only: bool = False) -> Engine:
    if synchronous not in {"FULL", "NORMAL"}:
        raise UsageError(f"sqlite_synchronous can't be {synchronous!r}", hint="use FULL or NORMAL")
    path = make_url(url).database
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    # isolation_level None: the driver begins nothing by itself, as it would begin too late (see `write`).
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=8,
        max_overflow=64,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS, "isolation_level": None},
    )

    def prepare(raw: Any, _record: Any) -> None:
        cursor = raw.cursor()
        # FULL waits for the disk at each commit; with NORMAL, a power cut can take the last commits, and only
        # them. foreign_keys is off by default, and of each connection. The page cache is 16 MB (negative: in
        # KB); what the file has beyond is read by mmap, up to the most that SQLite takes.
        for pragma in (
            f"synchronous={synchronous}",
            "foreign_keys=1",
            "cache_size=-16000",
            "mmap_size=2147418112",
        ):
            cursor.execute("PRAGMA " + pragma)
        # WAL: readers and the writer don't wait for each other. It is a property of the file, set once.
        if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            _use_wal(cursor)
        # Last: with it, the pragmas above could not change the file.
        cursor.execute(f"PRAGMA query_only={query_only:d}")
        cursor.close()

    event.listen(engine, "connect", prepare)
    return engine


def _use_wal(cursor: Any) -> None:
    # SQLite doesn't wait for others here: of two that open a new file at once, one is told it is locked.
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=wal")
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def _postgres(url: str) -> Engine:
    # A row that stays locked is an error after as long as SQLite waits, and no request that hangs.
    waits = f"-c lock_timeout={BUSY_SECONDS * 1000:.0f}"
    try:
        return create_engine(
            url,
            pool_size=8,
            max_overflow=24,
            pool_pre_ping=True,  # a server that was restarted has closed what is pooled
            hide_parameters=True,
            connect_args={"options": waits, "connect_timeout": 10},
        )
    except ModuleNotFoundError as error:
        raise MissingDependency.of("postgres", "psycopg") from error
