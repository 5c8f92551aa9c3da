"""Wake when a table of another database has new rows, by a column that only grows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, ClassVar
from urllib.parse import urlsplit

from meguru.errors import InvalidInput, MissingDependency
from meguru.kernel.operations import Context
from meguru.kernel.workspace import Workspace
from meguru.triggers.arrivals.secrets import Secrets, check_url
from meguru.triggers.arrivals.types import SourceArrival
from meguru.triggers.kinds.listening import ByArrivals
from meguru.triggers.kinds.places import contained
from meguru.triggers.kinds.polled import Look, PolledListener, check_every

PATIENCE = 10
"""Seconds that a database may take for an answer."""
SCHEMES = ("sqlite", "postgresql", "postgres")


class OnTable(ByArrivals, frozen=True, kw_only=True):
    """``{"table": "orders", "database": "sqlite:///shop.db", "column": "id"}``: new rows of a table.

    They are those whose `column` (a number, a date or a time, with an index) is larger than any before;
    `min_new_rows` waits for so many. The database is a file of SQLite in a folder that may be looked at, or
    ``postgresql://user:${PASSWORD}@host/name``. It is only read.
    """

    key: ClassVar[str] = "table"
    arrives: ClassVar[str] = "rows.arrived"

    table: str
    database: str
    column: str
    min_new_rows: int = 1
    every: float = 60.0

    def check(self, ctx: Context) -> None:
        """Refuse a database of another kind, a file that may not be read, and names that are none."""
        check_every(self.every)
        check_url(self.database, "on.database")
        scheme = urlsplit(self.database).scheme
        if scheme not in SCHEMES:
            raise InvalidInput(f"{scheme!r} is none of {', '.join(SCHEMES)}", field="on.database")
        if scheme == "sqlite":
            contained(ctx.ws, self._file, "on.database")
        for field, name in (("on.table", self.table), ("on.column", self.column)):
            if not name.isprintable() or not 0 < len(name) <= 128:
                raise InvalidInput("a name has 1 to 128 letters", field=field)
        if self.min_new_rows < 1:
            raise InvalidInput("min_new_rows is one or more", field="on.min_new_rows")

    def listener(self, ws: Workspace, secrets: Secrets) -> PolledListener:
        """Return what looks at the table."""
        url = secrets.open_url(self.database, "on.database")
        if urlsplit(self.database).scheme == "sqlite":
            contained(ws, self._file, "on.database")

        def look(ws: Workspace, position: dict[str, Any]) -> Look:
            with self._cursor(ws, url) as cursor:
                return self._look(cursor, position)

        return PolledListener(of=self, every=self.every, look=look)

    @property
    def _file(self) -> str:
        return self.database.removeprefix("sqlite://").removeprefix("/")

    @contextmanager
    def _cursor(self, ws: Workspace, url: str) -> Iterator[Any]:
        if urlsplit(self.database).scheme == "sqlite":
            place = contained(ws, self._file, "on.database")
            uri = f"{place.as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True, timeout=PATIENCE)) as connection:
                yield connection.cursor()
            return
        try:
            import psycopg
        except ImportError as error:
            raise MissingDependency.of("postgres", "psycopg") from error
        options = f"-c statement_timeout={PATIENCE * 1000} -c default_transaction_read_only=on"
        with psycopg.connect(url, connect_timeout=PATIENCE, options=options) as connection:
            yield connection.cursor()

    def _look(self, cursor: Any, position: dict[str, Any]) -> Look:
        column, name = _quoted(self.column), ".".join(map(_quoted, self.table.split(".")))
        if not position:
            # As text: a moment or a large number then comes back as it was.
            cursor.execute(f"SELECT CAST(MAX({column}) AS TEXT), COUNT(*) FROM {name}")  # noqa: S608 - quoted names
            newest, count = cursor.fetchone()
            return Look(position={"newest": newest, "rows": count})
        since = position["newest"]
        mark = "?" if isinstance(cursor, sqlite3.Cursor) else "%s"
        later, values = "", ()  # type: str, tuple[Any, ...]
        if since is not None:
            later, values = f" WHERE {column} > {mark}", (_value(since, cursor),)
        asked = f"SELECT CAST(MAX({column}) AS TEXT), COUNT(*) FROM {name}{later}"  # noqa: S608 - quoted names
        cursor.execute(asked, values)
        newest, count = cursor.fetchone()
        if newest is None or count < self.min_new_rows:
            return Look(position=position)
        data = {"source": self.table, "column": self.column, "rows": count, "since": since, "until": newest}
        arrival = SourceArrival(key=f"rows:{newest}", type=self.arrives, data=data)
        return Look(position={"newest": newest, "rows": position["rows"] + count}, arrivals=[arrival])


def _value(since: str, cursor: Any) -> Any:
    """Return the position as the database compares it: SQLite knows no types, PostgreSQL infers them."""
    if not isinstance(cursor, sqlite3.Cursor):
        return since
    for kind in (int, float):
        try:
            return kind(since)
        except ValueError:
            continue
    return since


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
