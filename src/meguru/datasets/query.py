"""SQL over datasets, and rows as files, where they are asked for: a server runs none of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from meguru.datasets.client import DatasetDoor, frame
from meguru.datasets.paths import format_of
from meguru.datasets.show import list_datasets
from meguru.errors import InvalidInput, UsageError

if TYPE_CHECKING:
    import polars as pl

_WORD = re.compile(r'"([^"]+)"|([^\W\d]\w*)')
_READS_FILES = re.compile(r"\b(?:read_\w+|scan_\w+)\s*\(", re.IGNORECASE)
_CHANGES = re.compile(r"^\s*(?:insert|update|delete|drop|create|alter|truncate)\b", re.IGNORECASE)


def select(ws: DatasetDoor, query: str) -> pl.DataFrame:
    """Answer a SELECT (Polars' SQL) over datasets: tables by their name, ``"flights@3"`` for one version.

    Raises
    ------
    UsageError
        If it is no question, or asks for anything but datasets.
    InvalidInput
        If it makes no sense to the engine.
    """
    import polars as pl

    if _CHANGES.search(query):
        raise UsageError("a dataset is never changed", hint="ask with SELECT", field="query")
    if _READS_FILES.search(query):
        raise UsageError(
            "a query reads datasets alone", hint="meguru data add NAME FILE first", field="query"
        )
    asked = {quoted or word for quoted, word in _WORD.findall(query)}
    known = {each.name for each in list_datasets(ws, limit=1000).items}
    tables = {name: frame(ws, name) for name in sorted(asked) if name.partition("@")[0] in known}
    if not tables:
        hint = f"there are {', '.join(sorted(known)[:12])}" if known else "meguru data add NAME FILE"
        raise UsageError("the query names no dataset", hint=hint, field="query")
    try:
        return pl.SQLContext(tables).execute(query, eager=True)
    except pl.exceptions.PolarsError as error:
        raise InvalidInput("the query can't be answered", why=str(error).split("\n")[0][:300]) from error


def write(rows: pl.DataFrame, path: Path) -> None:
    """Write rows as a file of the format that its name tells.

    Raises
    ------
    UsageError
        If the format is not known.
    InvalidInput
        If it can't hold the columns, or can't be written.
    """
    import polars as pl

    kind = format_of(path.name, field="file")
    try:
        if kind == "csv":
            rows.write_csv(path, separator="\t" if path.suffix in {".tsv", ".tab"} else ",")
        elif kind == "json":
            (rows.write_json if path.suffix == ".json" else rows.write_ndjson)(path)
        elif kind == "parquet":
            rows.write_parquet(path)
        elif kind == "arrow":
            rows.write_ipc(path)
        else:
            rows.write_avro(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InvalidInput(f"{str(path)!r} can't be written", why=str(error).split("\n")[0]) from error
