"""Connections and transactions.

A *read* transaction sees one consistent moment. A *write* transaction is the only one of its
workspace on SQLite (``BEGIN IMMEDIATE``), so it never has to be tried again half-way.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from meguru.errors import Busy, MissingDependency, UsageError

BUSY_SECONDS = 30.0


class Database:
    """One database, opened by its SQLAlchemy URL or ``postgresql://…``.

    Safe to use from many threads and, with other `Database` objects, from many processes; not across
    a fork (open a new one in the child).
    """

    def __init__(self, url: str, *, sqlite_synchronous: str = "FULL") -> None:
        self.url = _normal(url)
        self.is_sqlite = self.url.startswith("sqlite")
        self._writer = threading.Lock()
        self.engine = _sqlite(self.url, sqlite_synchronous) if self.is_sqlite else _postgres(self.url)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a read transaction; nothing in it can change the database."""
        with self.engine.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")
                connection.exec_driver_sql("PRAGMA query_only=1")
            else:
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                yield connection
            finally:
                connection.rollback()
                if self.is_sqlite:
                    connection.exec_driver_sql("PRAGMA query_only=0")
                    connection.rollback()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a write transaction: committed when the block ends, rolled back when it raises.

        Raises
        ------
        Busy
            If another writer held the database longer than 30 s.
        """
        with self._turn(), self.engine.connect() as connection:
            if self.is_sqlite:
                _begin_immediate(connection)
            try:
                yield connection
                connection.commit()
            except BaseException:
                connection.rollback()
                raise

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

    def close(self) -> None:
        """Close all idle connections."""
        self.engine.dispose()


def _normal(url: str) -> str:
    if url.startswith("postgres://"):
        url = "postgresql://" + url.removeprefix("postgres://")
    if url.startswith("postgresql://"):
        url = "postgresql+psycopg://" + url.removeprefix("postgresql://")
    if not url.startswith(("sqlite:", "postgresql+psycopg:")):
        shown = make_url(url).render_as_string(hide_password=True)
        raise UsageError(
            f"the database URL {shown!r} is of no kind that Meguru knows",
            hint="use a folder, sqlite:///FILE or postgresql://USER@HOST/NAME",
        )
    return url


def _begin_immediate(connection: Connection) -> None:
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except OperationalError as error:
        if "locked" not in str(error.orig):
            raise
        raise Busy(f"the database is busy: another process has held it for {BUSY_SECONDS:.0f} s") from error


def _sqlite(url: str, synchronous: str) -> Engine:
    if synchronous not in {"FULL", "NORMAL"}:
        raise UsageError(f"sqlite_synchronous can't be {synchronous!r}", hint="use FULL or NORMAL")
    path = make_url(url).database
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=8,
        max_overflow=64,
        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS, "isolation_level": None},
    )

    def prepare(raw: Any, _record: Any) -> None:
        cursor = raw.cursor()
        for pragma in (
            f"synchronous={synchronous}",
            "foreign_keys=1",
            "cache_size=-16000",
            "mmap_size=268435456",
        ):
            cursor.execute("PRAGMA " + pragma)
        if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            cursor.execute("PRAGMA journal_mode=wal")
        cursor.close()

    event.listen(engine, "connect", prepare)
    return engine


def _postgres(url: str) -> Engine:
    try:
        return create_engine(url, pool_size=8, max_overflow=24, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise MissingDependency.of("postgres", "psycopg") from error
