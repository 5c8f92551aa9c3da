"""Run a query with DuckDB, which sees the tables alone and no other file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from meguru.base.library_errors import MAX_LENGTH
from meguru.errors import InvalidInput, MissingDependency

if TYPE_CHECKING:
    import duckdb
    import polars as pl

MEMORY = "2GB"
_LINE = re.compile(r"^LINE \d+: (.*)$", re.MULTILINE)


def query_with_duckdb(query: str, tables: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """Answer a query over tables, which are written to a folder of their own, piece by piece.

    Raises
    ------
    MissingDependency
        Without the extra ``duckdb``.
    InvalidInput
        If it makes no sense to DuckDB.
    """
    try:
        import duckdb
    except ImportError as error:
        raise MissingDependency.of("duckdb", "duckdb") from error
    with TemporaryDirectory(prefix="meguru-query-") as folder, duckdb.connect() as connection:
        for number, (name, plan) in enumerate(tables.items()):
            place = Path(folder, f"{number}.parquet")
            # As files: DuckDB can then spill and read parts, which it can't of rows in our memory.
            plan.sink_parquet(place, compression="lz4")
            quoted = name.replace('"', '""')
            connection.execute(f"CREATE VIEW \"{quoted}\" AS SELECT * FROM read_parquet('{place}')")  # noqa: S608 - ours
        for setting in (
            f"SET memory_limit = '{MEMORY}'",
            f"SET temp_directory = '{folder}'",
            f"SET allowed_directories = ['{folder}/']",
            "SET enable_external_access = false",
            "SET lock_configuration = true",
        ):
            connection.execute(setting)
        try:
            found: pl.DataFrame = connection.sql(query).pl()
        except duckdb.Error as error:
            raise InvalidInput(
                "the query can't be answered", why=_reason(error, query), field="query"
            ) from error
    return found


def _reason(error: duckdb.Error, query: str) -> str:
    """Return what DuckDB says of a query, without the values of rows that it quotes."""
    import duckdb

    says = str(error)
    about_query = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)
    if isinstance(error, (*about_query, duckdb.OutOfMemoryException, duckdb.PermissionException)):
        return says.partition("\n")[0][:MAX_LENGTH]
    # Any word of the others may be a row's: the kind is told, and the line of the query that it is about.
    kind, lines = says.partition(":")[0], _LINE.findall(says)
    line = lines[-1].strip(". ") if lines else ""
    return f"{kind}: {line}"[:MAX_LENGTH] if line and line in query else kind
