"""Tables of other databases, through a driver of ADBC, or through connectorx."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from meguru.base.library_errors import reason
from meguru.datasets.position import SourcePosition
from meguru.datasets.sources.base import SourceContext, SourceRead, SourceSink
from meguru.datasets.sources.rows import read_rows, statement
from meguru.datasets.sources.spec import SourceSpec
from meguru.errors import InvalidInput, MissingDependency, Unreachable, UsageError, masked

if TYPE_CHECKING:
    import polars as pl

BATCH = 50_000
QUOTES = {"mysql": "`", "bigquery": "`", "mssql": '"'}
"""What surrounds a name, where it is not ``"``."""
_RETRYABLE = ("connect", "timed out", "timeout", "refused", "reset", "broken pipe", "closed", "unreachable")


class ArrowRows:
    """``adbc+snowflake://…#orders`` with ``adbc_driver_snowflake``; ``mysql://…#orders`` by connectorx.

    The database's own types come as they are; a name of a table is quoted, and looked up by nobody before.
    """

    def __init__(self, spec: SourceSpec, context: SourceContext) -> None:
        self.address, _, table = spec.address.partition("#")
        self.table, self._spec, self._context = unquote(table), spec, context
        scheme, self._rest = self.address.split("://", 1)
        self._driver, _, self._kind = scheme.rpartition("+")
        if bool(self.table) == bool(spec.query):
            what = "a table or a query is read, not both" if spec.query else "which table is to be read?"
            raise UsageError(what, hint=f"{masked(self.address)}#TABLE, or a query", field="files")
        if self._driver not in {"", "adbc", "connectorx"} or not self._kind.isidentifier():
            raise UsageError(f"{scheme!r} is no database", hint="adbc+DRIVER://… or mysql://…", field="files")

    def check(self) -> None:
        """Refuse a file that may not be read."""
        if self._kind in {"sqlite", "duckdb"}:
            raise UsageError(f"{self._kind} is read without a driver", hint=f"{self._kind}:///FILE#TABLE")

    def read(self, since: SourcePosition | None, sink: SourceSink, key: list[str]) -> SourceRead:
        """Give the rows."""
        name = self.table.rpartition(".")[2] or "query"
        frames = partial(self._frames)
        try:
            return read_rows(self._spec, self._context, since, sink, key, name=name, frames=frames)
        except (RuntimeError, OSError) as error:
            raise self._explained(error) from None

    def _frames(self, low: Any) -> Iterator[pl.DataFrame]:
        import polars as pl

        # A query within a query reads, and changes nothing.
        asked = f"({self._spec.query.strip().rstrip(';')}) source_query" if self._spec.query else ""
        asked = f"SELECT * FROM {asked or self._named(self.table)}"  # noqa: S608 - quoted
        if low is not None:
            asked = statement(asked, self._named(self._spec.watermark), _literal(low))
        url = self._context.secrets.open_url(f"{self._kind}://{self._rest}", "source.from")
        for batch in self._adbc(url, asked) if self._driver == "adbc" else _connectorx(url, asked):
            yield pl.DataFrame({name: _plain(name, batch.column(name)) for name in batch.schema.names})

    def _adbc(self, url: str, asked: str) -> Iterator[Any]:
        package = f"adbc_driver_{self._kind}"
        try:
            driver: Any = import_module(f"{package}.dbapi")
            import_module("pyarrow")
        except ImportError as error:
            missing = MissingDependency.of("databases", package)
            raise MissingDependency(
                missing.what, hint=f"{missing.hint} {package.replace('_', '-')}"
            ) from error
        try:
            with driver.connect(url) as connection, connection.cursor() as cursor:
                cursor.execute(asked)
                yield from cursor.fetch_record_batch()
        except driver.Error as error:
            raise self._explained(error) from None

    def _named(self, name: str) -> str:
        mark = QUOTES.get(self._kind, '"')
        return ".".join(f"{mark}{part.replace(mark, mark * 2)}{mark}" for part in name.split("."))

    def _explained(self, error: Exception) -> InvalidInput | Unreachable:
        why = self._context.secrets.hide(reason(error))
        if any(word in str(error).lower() for word in _RETRYABLE):
            return Unreachable(
                "the database can't be reached, or broke off", where=masked(self.address), why=why
            )
        return InvalidInput("the database did not answer the query", where=masked(self.address), why=why)


def _plain(name: str, column: Any) -> pl.Series:
    """Return a column without a driver's own kinds of types: an exact number as one, the rest as text."""
    import polars as pl

    # An Arrow extension type: what the driver has no type of Arrow for, kept as its storage.
    if not hasattr(column, "storage"):
        return pl.Series(name, column)
    values = pl.Series(name, column.storage)
    exact = getattr(column.type, "type_name", "") in {"numeric", "decimal"}
    return values.cast(pl.Float64) if exact else values


def _connectorx(url: str, asked: str) -> Iterator[Any]:
    try:
        import connectorx

        import_module("pyarrow")
    except ImportError as error:
        raise MissingDependency.of("databases", "connectorx") from error
    yield from connectorx.read_sql(url, asked, return_type="arrow_stream", batch_size=BATCH)


def _literal(value: Any) -> str:
    """Return a value of a watermark as SQL has it."""
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value:%Y-%m-%d %H:%M:%S.%f%z}'"
    if isinstance(value, date):
        return f"DATE '{value}'"
    if isinstance(value, int | float):
        return repr(value)
    if "\\" in value:
        what = "a watermark with a backslash can't be asked for"
        raise InvalidInput(what, why="databases read it in different ways", field="source.watermark")
    text = str(value).replace("'", "''")
    return f"'{text}'"
