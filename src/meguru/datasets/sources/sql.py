"""A table, or what a query answers, of SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec

from meguru.datasets.position import SourcePosition
from meguru.datasets.sources.base import SourceContext, SourceRead, SourceSink
from meguru.datasets.sources.postgres_copy import copied_frames
from meguru.datasets.sources.rows import read_rows, statement
from meguru.datasets.sources.spec import SourceSpec
from meguru.errors import InvalidInput, UsageError, masked, near_misses

if TYPE_CHECKING:
    import polars as pl
    from sqlalchemy import Connection

BATCH = 50_000
SINCE = "source_rows_since"
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

        secrets, place, seconds = self._context.secrets, self._context.place, self._spec.seconds
        with connected(self.address, secrets=secrets, place=place, seconds=seconds) as connection:
            return read_rows(
                self._spec,
                self._context,
                since,
                sink,
                key,
                name=self.name,
                frames=partial(self._frames, connection),
            )

    @property
    def name(self) -> str:
        """What its table is called in the dataset."""
        return self.table.rpartition(".")[2] or "query"

    def _frames(self, connection: Connection, low: Any) -> Iterator[pl.DataFrame]:
        from meguru.storage.db.external import select

        asked, values = self.query.strip().rstrip(";") or self._whole_table(connection), {}
        if low is not None:
            column = connection.dialect.identifier_preparer.quote_identifier(self._spec.watermark)
            asked, values = statement(asked, column, f":{SINCE}"), {SINCE: low}
        # COPY is several times faster than rows; a type that it can't carry falls back to rows.
        if connection.dialect.name == "postgresql":
            copied = copied_frames(connection, asked, values, self._spec.seconds)
            if copied is not None:
                yield from copied
                return
        found = select(connection, asked, values)
        names = list(found.keys())
        if len(set(names)) < len(names):
            hint = "name them with AS"
            raise InvalidInput("two columns of the answer have one name", hint=hint, field="query")
        yield from self._of_rows(names, found.partitions(BATCH))

    def _of_rows(self, names: list[str], parts: Iterable[Sequence[Any]]) -> Iterator[pl.DataFrame]:
        import polars as pl

        kinds: dict[str, set[type]] = {name: set() for name in names}
        for rows in parts:
            columns = {
                name: [_plain(value) for value in held]
                for name, held in zip(names, zip(*rows, strict=True), strict=True)
            }
            for name, held in columns.items():
                self._check_one_type(name, kinds[name], held)
            yield pl.DataFrame(columns, strict=True)

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
    if isinstance(value, dict):
        return msgspec.json.encode(value, enc_hook=str).decode()
    return float(value) if isinstance(value, Decimal) else str(value)
