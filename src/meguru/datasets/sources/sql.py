"""A table, or what a query answers, of SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from meguru.datasets.position import SourcePosition
from meguru.datasets.sources.base import SourceContext, SourceRead, SourceSink
from meguru.datasets.sources.spec import SourceSpec
from meguru.datasets.sources.watermark import Watermark
from meguru.errors import InvalidInput, UsageError, masked, near_misses

if TYPE_CHECKING:
    import polars as pl
    from sqlalchemy import Connection

BATCH = 50_000
_KNOWN = (bool, int, float, str, bytes, datetime, date, time, timedelta, list)


class SqlRows:
    """``sqlite:///shop.db#orders``, ``postgresql://user@host/db#orders``, or a query instead of the table.

    Rows are read in one transaction that writes nothing, some thousand at a time; equal rows, equal bytes.
    """

    def __init__(self, spec: SourceSpec, context: SourceContext) -> None:
        # urldefrag would take slashes from sqlite:////a/path.
        self.address, _, table = spec.address.partition("#")
        self.table, self.query, self._spec, self._context = unquote(table), spec.query, spec, context
        if bool(self.table) == bool(self.query):
            what = "a table or a query is read, not both" if self.query else "which table is to be read?"
            hint = f"{masked(self.address)}#TABLE, or --query 'SELECT …'"
            raise UsageError(what, hint=hint, field="files")

    def check(self) -> None:
        """Refuse a file of SQLite that may not be read."""
        if self.address.startswith("sqlite:"):
            self._context.place(self.address.removeprefix("sqlite://").removeprefix("/"), "source.from")

    def read(self, since: SourcePosition | None, sink: SourceSink, key: list[str]) -> SourceRead:
        """Give the rows; a column holds one type, or it is refused."""
        from meguru.storage.db.external import connected

        mark = Watermark(self._spec, self._context, since, key) if self._spec.watermark else None
        count, seconds = 0, self._spec.seconds
        secrets, place = self._context.secrets, self._context.place
        with connected(self.address, secrets=secrets, place=place, seconds=seconds) as connection:
            for frame in self._frames(connection, mark):
                count += frame.height
                sink.rows(self.name, mark.take(frame) if mark else frame)
        if since is None and not count:
            raise self._refused("it has no rows")
        position = mark.position() if mark else None
        return SourceRead(
            position=position,
            whole=since is None or mark is None,
            rows=count,
            shrunk=mark.shrunk if mark else "",
        )

    @property
    def name(self) -> str:
        """What its table is called in the dataset."""
        return self.table.rpartition(".")[2] or "query"

    def _frames(self, connection: Connection, mark: Watermark | None) -> Iterable[pl.DataFrame]:
        import polars as pl

        from meguru.storage.db.external import select

        asked, values = self._asked(connection, mark)
        found = select(connection, asked, values)
        names = list(found.keys())
        if len(set(names)) < len(names):
            hint = "name them with AS"
            raise InvalidInput("two columns of the answer have one name", hint=hint, field="query")
        kinds: dict[str, set[type]] = {name: set() for name in names}
        for rows in found.partitions(BATCH):
            columns = {
                name: [_plain(value) for value in held]
                for name, held in zip(names, zip(*rows, strict=True), strict=True)
            }
            for name, held in columns.items():
                self._check_one_type(name, kinds[name], held)
            yield pl.DataFrame(columns, strict=True)

    def _asked(self, connection: Connection, mark: Watermark | None) -> tuple[str, dict[str, Any]]:
        """Return the statement, and the values that it is asked with."""
        whole = self.query.strip().rstrip(";") or self._whole_table(connection)
        if mark is None or mark.low is None:
            return whole, {}
        column = connection.dialect.identifier_preparer.quote(mark.column)
        inner = f"({whole}) AS source_rows" if self.query else whole.removeprefix("SELECT * FROM ")
        # A row without a watermark is asked for too: it is refused, and not passed over without a word.
        asked = f"SELECT * FROM {inner} WHERE {column} >= :watermark OR {column} IS NULL"  # noqa: S608 - quoted
        return asked, {"watermark": mark.low}

    def _whole_table(self, connection: Connection) -> str:
        from meguru.storage.db.external import tables

        known = tables(connection)
        if self.table not in known:
            close = near_misses(self.table, known)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known[:12])}"
            raise InvalidInput(f"there is no table {self.table[:200]!r}", hint=hint, field="files")
        quote = connection.dialect.identifier_preparer.quote
        return f"SELECT * FROM {'.'.join(map(quote, self.table.split('.')))}"  # noqa: S608 - it is one of its tables

    def _check_one_type(self, name: str, known: set[type], values: Iterable[Any]) -> None:
        known |= {type(value) for value in values} - {type(None)}
        if len(known) > 1 and known != {int, float}:
            shown = " and ".join(sorted(each.__name__ for each in known))
            raise self._refused(
                f"column {name!r} holds values of more than one type: {shown}",
                "make it one in the query: CAST(x AS TEXT)",
            )

    def _refused(self, why: str, hint: str = "") -> InvalidInput:
        return InvalidInput(f"{masked(self.address)} can't be read", why=why, field="files", hint=hint)


def _plain(value: Any) -> Any:
    """Return a value as a column can hold it: an exact fraction as a number, what no column knows as text."""
    if value is None or isinstance(value, _KNOWN):
        return value
    return float(value) if isinstance(value, Decimal) else str(value)
