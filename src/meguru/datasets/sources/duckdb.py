"""A table, or what a query answers, of a file of DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from meguru.base.library_errors import reason
from meguru.datasets.position import SourcePosition
from meguru.datasets.sources.base import SourceContext, SourceRead, SourceSink
from meguru.datasets.sources.rows import read_rows, statement
from meguru.datasets.sources.spec import SourceSpec
from meguru.errors import InvalidInput, MissingDependency, Unreachable, UsageError, near_misses

if TYPE_CHECKING:
    import polars as pl

BATCH = 100_000
MEMORY = "512MB"


class DuckdbRows:
    """``duckdb:///shop.duckdb#orders``, or a query instead of the table.

    DuckDB writes what is asked for into a Parquet file, which is read piece by piece. The query reaches the
    database's own tables and nothing else of the machine.
    """

    def __init__(self, spec: SourceSpec, context: SourceContext) -> None:
        address, _, table = spec.address.partition("#")
        self.path, self.table, self._spec, self._context = (
            address.removeprefix("duckdb://").removeprefix("/"),
            unquote(table),
            spec,
            context,
        )
        if bool(self.table) == bool(spec.query):
            what = "a table or a query is read, not both" if spec.query else "which table is to be read?"
            raise UsageError(what, hint=f"{address}#TABLE, or a query", field="files")

    def check(self) -> None:
        """Refuse a file that may not be read."""
        self._context.place(self.path, "source.from")

    def read(self, since: SourcePosition | None, sink: SourceSink, key: list[str]) -> SourceRead:
        """Give the rows."""
        try:
            import duckdb
        except ImportError as error:
            raise MissingDependency.of("duckdb", "duckdb") from error
        file = self._context.place(self.path, "source.from")
        if not file.is_file():
            raise UsageError(f"there is no database {file}", where=str(file))
        scratch = sink.scratch()
        try:
            with duckdb.connect(str(file), read_only=True) as database:
                _confine(database, scratch)
                frames = partial(self._frames, database, scratch)
                name = self.table.rpartition(".")[2] or "query"
                return read_rows(self._spec, self._context, since, sink, key, name=name, frames=frames)
        except duckdb.IOException as error:  # another process writes to it just now
            raise Unreachable("the database can't be opened", where=str(file), why=reason(error)) from error
        except duckdb.Error as error:
            why = reason(error)
            raise InvalidInput("the database did not answer the query", where=str(file), why=why) from error

    def _frames(self, database: Any, scratch: Path, low: Any) -> Iterator[pl.DataFrame]:
        import polars as pl

        asked, values = self._asked(database), []
        if low is not None:
            asked, values = statement(asked, _quoted(self._spec.watermark), "?"), [low]
        place = scratch / "rows.parquet"
        # Through a file: DuckDB writes it within its memory limit, and Polars reads it batch by batch.
        database.execute(f"COPY ({asked}) TO '{place}' (FORMAT parquet)", values)
        yield from pl.scan_parquet(place).collect_batches(chunk_size=BATCH)
        place.unlink()

    def _asked(self, database: Any) -> str:
        if self._spec.query:
            found = database.extract_statements(self._spec.query)
            if len(found) != 1 or found[0].type.name != "SELECT":
                raise UsageError("a query is one SELECT", field="query")
            return self._spec.query.strip().rstrip(";")
        rows = database.execute("SELECT table_schema, table_name FROM information_schema.tables").fetchall()
        known = [name if schema == "main" else f"{schema}.{name}" for schema, name in rows]
        if self.table not in known:
            close = near_misses(self.table, known)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(sorted(known)[:12])}"
            raise InvalidInput(f"there is no table {self.table[:200]!r}", hint=hint, field="files")
        return f"SELECT * FROM {'.'.join(map(_quoted, self.table.split('.')))}"  # noqa: S608 - it is one of its tables


def _confine(database: Any, scratch: Path) -> None:
    """Take from a query what is outside of the database: files, the network, extensions, memory."""
    database.execute(f"SET memory_limit = '{MEMORY}'")
    database.execute(f"SET temp_directory = '{scratch}'")
    database.execute(f"SET allowed_directories = ['{scratch}']")
    database.execute("SET enable_external_access = false")
    # Last: after it no query can take these back.
    database.execute("SET lock_configuration = true")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
