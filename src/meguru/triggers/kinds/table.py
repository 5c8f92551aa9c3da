"""Wake when a table of another database has new rows, by a column that only grows."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar
from urllib.parse import urlsplit

from sqlalchemy import Connection

from meguru.base.source_secrets import Secrets, check_url
from meguru.datasets.sources.allowed_paths import resolved_path
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context
from meguru.kernel.workspace import Workspace
from meguru.storage.db.external import connected, select
from meguru.triggers.arrivals.types import SourceArrival
from meguru.triggers.kinds.listening import ByArrivals
from meguru.triggers.kinds.polled import PolledListener, PollResult, check_every

TIMEOUT_SECONDS = 10
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
            resolved_path(ctx.ws, self._file, "on.database")
        for field, name in (("on.table", self.table), ("on.column", self.column)):
            if not name.isprintable() or not 0 < len(name) <= 128:
                raise InvalidInput("a name has 1 to 128 letters", field=field)
        if self.min_new_rows < 1:
            raise InvalidInput("min_new_rows is one or more", field="on.min_new_rows")

    def listener(self, ws: Workspace, secrets: Secrets) -> PolledListener:
        """Return what looks at the table."""
        del ws
        secrets.open_url(self.database, "on.database")  # what is not set is told now, not at each look

        def poll(ws: Workspace, position: dict[str, Any]) -> PollResult:
            place = partial(resolved_path, ws)
            with connected(
                self.database, secrets=secrets, place=place, seconds=TIMEOUT_SECONDS
            ) as connection:
                return self._poll(connection, position)

        return PolledListener(of=self, every=self.every, poll=poll)

    @property
    def _file(self) -> str:
        return self.database.removeprefix("sqlite://").removeprefix("/")

    def _poll(self, connection: Connection, position: dict[str, Any]) -> PollResult:
        quote = connection.dialect.identifier_preparer.quote_identifier
        column, name = quote(self.column), ".".join(map(quote, self.table.split(".")))
        # As text: a moment or a large number then comes back as it was.
        asked = f"SELECT CAST(MAX({column}) AS TEXT), COUNT(*) FROM {name}"  # noqa: S608 - quoted names
        if not position:
            newest, count = _newest(connection, asked)
            return PollResult(position={"newest": newest, "rows": count})
        since = position["newest"]
        if since is None:
            newest, count = _newest(connection, asked)
        else:
            later = {"since": _value(since, connection)}
            newest, count = _newest(connection, f"{asked} WHERE {column} > :since", later)
        # Rows that are committed late, with a smaller number than one seen, are not found: the column has to
        # grow in the order of commits.
        if newest is None or count < self.min_new_rows:
            return PollResult(position=position)
        data = {"source": self.table, "column": self.column, "rows": count, "since": since, "until": newest}
        arrival = SourceArrival(key=f"rows:{newest}", type=self.arrives, data=data)
        return PollResult(position={"newest": newest, "rows": position["rows"] + count}, arrivals=[arrival])


def _newest(connection: Connection, asked: str, values: dict[str, Any] | None = None) -> tuple[Any, int]:
    row: Any = select(connection, asked, values).one()
    return row[0], row[1]


def _value(since: str, connection: Connection) -> Any:
    """Return the position as the database compares it: SQLite knows no types, PostgreSQL infers them."""
    if connection.dialect.name != "sqlite":
        return since
    for kind in (int, float):
        try:
            return kind(since)
        except ValueError:
            continue
    return since
