"""The driver's own statements, for the few places where SQLAlchemy's part costs more than the database's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, String
from sqlalchemy.exc import DBAPIError, StatementError

from meguru.errors import MeguruError
from meguru.storage.db.changes import watched
from meguru.storage.db.schema import metadata
from meguru.storage.statements import Statements

P = ParamSpec("P")
T = TypeVar("T")
_TOO_LONG = {"SQLITE_INTERRUPT", "57014"}
_TRIES = 20


class TooLong(Exception):
    """A statement took more than it was given."""


@dataclass(frozen=True)
class Bound:
    """How much a statement may take: steps of SQLite's machine, or time on PostgreSQL."""

    steps: int
    milliseconds: int


class RawSql:
    """Statements of an open transaction, written with ``?`` for each value, on either database.

    An error of the driver is raised as SQLAlchemy raises it, so that it is explained as any other. A change
    is noted as one of SQLAlchemy's is: no operation changes rows without an event, however it writes.
    """

    def __init__(self, tx: Connection) -> None:
        self.is_sqlite = tx.dialect.name == "sqlite"
        self.driver: Any = tx.connection.driver_connection
        self._dialect: Any = tx.dialect
        self._changes = None if self.is_sqlite else watched(tx)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """Run one statement and return its cursor."""
        try:
            if self.is_sqlite:
                return self.driver.execute(sql, values)
            return self._noted(sql, self.driver.execute(_percent(sql), values))
        except Exception as error:
            raise self._as_dbapi_error(sql, error) from error

    def execute_once(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """Run a statement that is planned for its values: PostgreSQL would keep one plan for all."""
        if self.is_sqlite:
            return self.execute(sql, values)
        try:
            return self._noted(sql, self.driver.execute(_percent(sql), values, prepare=False))
        except Exception as error:
            raise self._as_dbapi_error(sql, error) from error

    @contextmanager
    def stream(self, sql: str, size: int, values: Sequence[Any] = ()) -> Iterator[Iterator[list[Any]]]:
        """Give the rows of a query, so many at a time, however many there are."""
        # A named cursor stays on the server (DECLARE … FETCH); without a name psycopg fetches all rows at
        # once.
        cursor = self.driver.cursor() if self.is_sqlite else self.driver.cursor(name="meguru_stream")
        with closing(cursor):
            yield self._fetched(cursor, sql, size, values)

    def _fetched(self, cursor: Any, sql: str, size: int, values: Sequence[Any]) -> Iterator[list[Any]]:
        try:
            cursor.execute(sql if self.is_sqlite else _percent(sql), values)
            rows = cursor.fetchmany(size)
        except Exception as error:
            raise self._as_dbapi_error(sql, error) from error
        while rows:
            yield rows
            try:
                rows = cursor.fetchmany(size)
            except Exception as error:
                raise self._as_dbapi_error(sql, error) from error

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each row."""
        try:
            if self.is_sqlite:
                self.driver.executemany(sql, rows)
            else:
                with self.driver.cursor() as cursor:
                    cursor.executemany(_percent(sql), rows)
                    self._noted(sql, cursor)
        except Exception as error:
            raise self._as_dbapi_error(sql, error) from error

    def lengths(self, table: str) -> Mapping[str, int]:
        """Return how many characters the columns of a table hold that don't hold any number of them."""
        return _lengths(table)

    def copy(self, table: str, columns: Sequence[str], lines: str) -> None:
        """Append rows to a table of PostgreSQL: lines of values, with a tab between two of them."""
        sql = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
        try:
            with self.driver.cursor() as cursor, cursor.copy(sql) as copy:
                copy.write(lines)
            if self._changes is not None and lines:
                self._changes.seen = True
        except Exception as error:
            raise self._as_dbapi_error(sql, error) from error

    @contextmanager
    def bounded(self, bound: Bound | None) -> Iterator[None]:
        """Raise `TooLong` when one statement takes more than a bound; the transaction goes on."""
        if bound is None:
            yield
            return
        begin, end = (self._count_steps, self._count_on) if self.is_sqlite else (self._time, self._time_on)
        begin(bound)
        try:
            yield
        except Exception as error:
            end(failed=True)
            if not _is_too_long(error):
                raise
            raise TooLong from error
        end(failed=False)

    def _count_steps(self, bound: Bound) -> None:
        # Called after so many steps of SQLite's virtual machine; what is not 0 interrupts the statement.
        self.driver.set_progress_handler(lambda: 1, bound.steps)

    def _count_on(self, *, failed: bool) -> None:
        del failed
        self.driver.set_progress_handler(None, 0)

    def _time(self, bound: Bound) -> None:
        # A statement that times out aborts the transaction, unless it is within a savepoint.
        self.execute(f"SAVEPOINT bound; SET LOCAL statement_timeout = {bound.milliseconds}")

    def _time_on(self, *, failed: bool) -> None:
        # The bound holds for what ends it, too, and on a busy server that may take longer than a short bound.
        # Then the savepoint is rolled back, which ends the bound as well and loses nothing: what was bounded
        # only read.
        for _ in range(_TRIES):
            try:
                self.execute(
                    "ROLLBACK TO bound" if failed else "SET LOCAL statement_timeout = DEFAULT; RELEASE bound"
                )
            except Exception as error:
                if not _is_too_long(error):
                    raise
                failed = True
            else:
                return
        raise TooLong

    def _noted(self, sql: str, cursor: Any) -> Any:
        if self._changes is not None:
            self._changes.note(sql, cursor)
        return cursor

    def _as_dbapi_error(self, sql: str, error: Exception) -> BaseException:
        if isinstance(error, MeguruError | StatementError):
            return error
        base = self._dialect.loaded_dbapi.Error
        return DBAPIError.instance(sql, None, error, base, hide_parameters=True, dialect=self._dialect)


def on_transaction(
    function: Callable[Concatenate[Statements, P], T],
) -> Callable[Concatenate[Connection, P], T]:
    """Return a function of a store that is written for `Statements` as one on a transaction of SQLAlchemy."""

    @wraps(function)
    def run(tx: Connection, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return function(RawSql(tx), *args, **kwargs)

    return run


@lru_cache(maxsize=64)
def _lengths(table: str) -> dict[str, int]:
    columns = ((str(column.name), column.type) for column in metadata.tables[table].columns)
    return {name: kind.length for name, kind in columns if isinstance(kind, String) and kind.length}


def _is_too_long(error: Exception) -> bool:
    cause = getattr(error, "orig", error)
    known = (getattr(cause, "sqlite_errorname", ""), getattr(cause, "sqlstate", ""))
    return bool(_TOO_LONG.intersection(known))


@lru_cache(maxsize=512)
def _percent(sql: str) -> str:
    # sqlite3 marks a value by ?, psycopg by %s; none of our statements has either of them in a text.
    return sql.replace("?", "%s")
