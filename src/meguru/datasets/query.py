"""SQL over datasets in the caller's own process, and export of rows; `sql.server_query` is for a server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from meguru.base.library_errors import reason
from meguru.datasets.client import DatasetDoor, version_of
from meguru.datasets.frames import scan_of
from meguru.datasets.paths import format_of
from meguru.datasets.show import list_datasets
from meguru.datasets.sql.guard import tables_of
from meguru.errors import InvalidInput, UsageError

if TYPE_CHECKING:
    import polars as pl

Engine = Literal["polars", "duckdb"]
_PAGE = 1000


def select(ws: DatasetDoor, query: str, *, engine: Engine = "polars", clear: str = "") -> pl.LazyFrame:
    """Answer a SELECT over datasets: tables by their name, ``"flights@3"`` for one version.

    With Polars the answer is a plan, which reads what it needs in bounded memory when it is collected or
    written. DuckDB computes it at once, with at most 2 GB of memory before it goes to the disk.

    Personal columns are masked, unless `clear` says what they are needed for; see `client.frame`.

    Raises
    ------
    UsageError
        If it is no question, or asks for anything but datasets.
    InvalidInput
        If it makes no sense to the engine.
    MissingDependency
        If the engine is not installed.
    """
    import polars as pl

    tables = _tables(ws, query, clear)
    if engine == "duckdb":
        from meguru.datasets.sql.duckdb import query_with_duckdb

        return query_with_duckdb(query, tables).lazy()
    try:
        found = pl.SQLContext(tables).execute(query)
        found.collect_schema()
    except pl.exceptions.PolarsError as error:
        raise _no_answer(error) from error
    return found


def collect(plan: pl.LazyFrame, *, most: int) -> tuple[pl.DataFrame, int]:
    """Return the first rows of an answer, and how many there are; they are computed together."""
    import polars as pl

    try:
        first, count = pl.collect_all([plan.head(most), plan.select(pl.len())], engine="streaming")
    except pl.exceptions.PolarsError as error:
        raise _no_answer(error) from error
    return first, int(count.item())


def _no_answer(error: Exception) -> InvalidInput:
    return InvalidInput("the query can't be answered", why=reason(error))


def _tables(ws: DatasetDoor, query: str, clear: str) -> dict[str, pl.LazyFrame]:
    asked = tables_of(query)
    known: set[str] = set()
    after = ""
    while True:
        page = list_datasets(ws, after=after, limit=_PAGE)
        known |= {each.name for each in page.items}
        after = page.next_cursor
        if not after:
            break
    tables = {
        name: scan_of(ws.blobs, version_of(ws, name, clear))
        for name in sorted(asked)
        if name.partition("@")[0] in known
    }
    if not tables:
        hint = f"there are {', '.join(sorted(known)[:12])}" if known else "meguru data add NAME FILE"
        raise UsageError("the query names no dataset", hint=hint, field="query")
    return tables


def without_formulas(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Return rows in which no text is a formula to a spreadsheet: it begins with an apostrophe then."""
    import polars as pl

    text = pl.col(pl.String)
    return rows.with_columns(
        pl.when(text.str.contains(r"^[=+\-@\t\r]")).then(pl.lit("'") + text).otherwise(text).name.keep()
    )


def write(rows: pl.DataFrame | pl.LazyFrame, path: Path) -> int:
    """Write rows as a file of the format that its name tells, in bounded memory; return how many they are.

    JSON arrays and Avro are written at once. A file that is there is replaced when all is written.

    Raises
    ------
    UsageError
        If the format is not known.
    InvalidInput
        If it can't hold the columns, or can't be written.
    """
    import polars as pl

    kind = format_of(path.name, field="file")
    # Beside the target: a rename across file systems is none.
    draft = path.with_name(f".{path.name}.part")
    try:
        count = _write(rows.lazy(), draft, path.suffix, kind)
        draft.replace(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InvalidInput(f"{str(path)!r} can't be written", why=reason(error)) from error
    finally:
        draft.unlink(missing_ok=True)
    return count


def _write(rows: pl.LazyFrame, path: Path, suffix: str, kind: str) -> int:
    import polars as pl

    sinks: dict[str, tuple[Callable[..., Any], Callable[[Path], pl.LazyFrame]]] = {
        "csv": (rows.sink_csv, pl.scan_csv),
        "parquet": (rows.sink_parquet, pl.scan_parquet),
        "arrow": (rows.sink_ipc, pl.scan_ipc),
        "json": (rows.sink_ndjson, pl.scan_ndjson),
    }
    if kind in sinks and suffix != ".json":
        sink, scan = sinks[kind]
        options = {"separator": "\t" if suffix in {".tsv", ".tab"} else ","} if kind == "csv" else {}
        sink(path, **options)
        plan = pl.scan_csv(path, infer_schema=False, **options) if kind == "csv" else scan(path)  # type: ignore[arg-type]
        return int(plan.select(pl.len()).collect(engine="streaming").item())
    frame = rows.collect(engine="streaming")
    if kind == "json":
        frame.write_json(path)
    elif kind == "avro":
        frame.write_avro(path)
    else:
        raise UsageError(
            f"{kind} is read, and not written", hint="name a .csv, .parquet, .json or .arrow file"
        )
    return frame.height
