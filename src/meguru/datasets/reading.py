"""Read a data file into a Polars frame, with the same types every time.

What columns hold is found from all their values (`inference`), or said; how a file was read is its `Dialect`,
kept with the version, so that every later look sees the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import polars as pl

from meguru.datasets import inference
from meguru.datasets.delimited.before import read_as_before
from meguru.datasets.delimited.dialect import dialect_of
from meguru.datasets.delimited.records import records
from meguru.datasets.polars_types import NAMES, TYPES
from meguru.datasets.said import as_said, check_known, kind_said, with_types_said
from meguru.datasets.types import DatasetColumn, Dialect, Format, ReadOptions
from meguru.errors import InvalidInput


def first_read(
    path: Path, format: Format, name: str, said: ReadOptions | None = None
) -> tuple[pl.DataFrame, Dialect | None]:
    """Read a whole file for the first time; return its rows, and how they were read.

    Raises
    ------
    InvalidInput
        If the file is not what its name says, holds no rows, or is not what was said of it.
    """
    said = said or ReadOptions()
    try:
        frame, dialect = _first(path, format, name, said)
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise unreadable(name, format, str(error).split("\n")[0][:300]) from error
    if frame.is_empty():
        raise unreadable(name, format, "it holds no rows")
    return frame, dialect


def read(
    path: Path,
    format: Format,
    name: str,
    *,
    columns: Sequence[DatasetColumn] | None = None,
    dialect: Dialect | None = None,
) -> pl.DataFrame:
    """Read a whole file; with `columns`, give exactly these (absent ones as missing values).

    Parameters
    ----------
    path, format, name
        The file, what it is, and what it is called in messages.
    columns
        The columns of the version that it belongs to.
    dialect
        How it was read when it was registered; None for what has none.

    Raises
    ------
    InvalidInput
        If the file is not what its name says, or holds no rows.
    """
    if columns is None:
        return first_read(path, format, name)[0]
    try:
        return conform(_again(path, format, name, columns, dialect), columns)
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise unreadable(name, format, str(error).split("\n")[0][:300]) from error


def unreadable(name: str, format: Format, why: str) -> InvalidInput:
    """Say why a file can't be used."""
    hint = "is the file whole, and of this format?"
    if "quote" in why or "could not parse" in why or "malformed" in why:
        hint = (
            "a field with a quote in it is quoted, and the quote doubled; --quote '' if quotes mean nothing"
        )
    return InvalidInput(f"{name!r} can't be read as {format}", where=name, why=why, hint=hint, field="files")


def schema_of(frame: pl.DataFrame) -> list[DatasetColumn]:
    """Return the columns of a frame; one without any value has the type ``Null``."""
    nulls = dict(zip(frame.columns, frame.null_count().row(0), strict=True))
    return [
        DatasetColumn(name=name, type="Null" if nulls[name] == frame.height else NAMES.get(dtype, str(dtype)))
        for name, dtype in frame.schema.items()
    ]


def conform(frame: pl.DataFrame, columns: Sequence[DatasetColumn]) -> pl.DataFrame:
    """Give a frame the columns and types of a merged schema.

    Raises
    ------
    polars.exceptions.PolarsError
        If a value is not of the type.
    """
    return frame.select(conforming(frame.schema, columns))


def conforming(schema: Mapping[str, pl.DataType], columns: Sequence[DatasetColumn]) -> list[pl.Expr]:
    """Return what makes the columns of a merged schema from those that are there."""
    chosen = []
    for column in columns:
        wanted = TYPES.get(column.type)
        if column.name not in schema:
            chosen.append(pl.lit(None, dtype=wanted).alias(column.name))
        elif wanted is not None and schema[column.name] != wanted:
            chosen.append(pl.col(column.name).cast(wanted))
        else:
            chosen.append(pl.col(column.name))
    return chosen


def _first(path: Path, format: Format, name: str, said: ReadOptions) -> tuple[pl.DataFrame, Dialect | None]:
    if format != "csv":
        if format == "json":
            return _timed_json(_decode(path, format), name, said)
        return with_types_said(_decode(path, format), name, said), None
    dialect = dialect_of(path, name, said)
    text, blank = records(path, dialect, name)
    check_known(said.types, text.columns)
    rest = text.select(pl.all().exclude(list(said.types)))
    nulls = _nulls(text, said)
    found = inference.infer(rest, decimal=dialect.decimal, nulls=nulls)
    dialect = msgspec.structs.replace(
        dialect, blank=blank, times=found.times, kept=found.kept, nulls=found.nulls
    )
    made = {column.name: column for column in found.frame}
    for column, kind in said.types.items():
        made[column], spelling = as_said(text[column], kind, dialect, name)
        if spelling:
            dialect.times[column] = spelling
    return text.select(made[each] for each in text.columns), dialect


def _nulls(text: pl.DataFrame, said: ReadOptions) -> list[str] | None:
    """Return what means a missing value if it is said, or seen where no text was said to be."""
    if said.nulls is not None:
        return said.nulls
    typed = [name for name, word in said.types.items() if kind_said(name, word)[0] != "String"]
    seen = any((text[name] == inference.MISSING).any() for name in typed)
    return [inference.MISSING] if seen else None


def _timed_json(frame: pl.DataFrame, name: str, said: ReadOptions) -> tuple[pl.DataFrame, Dialect | None]:
    """JSON has no times: text that is one in all rows is read as CSV's would be."""
    check_known(said.types, frame.columns)
    free = [each for each, dtype in frame.schema.items() if dtype == pl.String and each not in said.types]
    times: dict[str, str] = {}
    kept: dict[str, str] = {}
    for column in free:
        made, spelling, why = inference.time_of(frame[column])
        if made is not None:
            frame, times[column] = frame.with_columns(made), spelling
        elif why:
            kept[column] = why
    for column, word in said.types.items():
        if frame.schema[column] == pl.String:
            made, spelling = as_said(frame[column], word, Dialect(), name)
            frame = frame.with_columns(made)
            times |= {column: spelling} if spelling else {}
        else:
            frame = with_types_said(frame, name, ReadOptions(types={column: word}))
    return frame, Dialect(times=times, kept=kept) if times or kept else None


def _again(
    path: Path, format: Format, name: str, columns: Sequence[DatasetColumn], dialect: Dialect | None
) -> pl.DataFrame:
    if format == "csv":
        if dialect is None:
            return read_as_before(path, {column.name: column.type for column in columns})
        return _typed(records(path, dialect, name)[0], columns, dialect)
    frame = _decode(path, format)
    if format == "json" and dialect is not None:
        kinds = {column.name: column.type for column in columns}
        frame = frame.with_columns(
            inference.cast(frame[each], kinds.get(each, "String"), decimal=".", spelling=spelling)
            for each, spelling in dialect.times.items()
            if each in frame.columns and frame.schema[each] == pl.String
        )
    return frame


def _typed(text: pl.DataFrame, columns: Sequence[DatasetColumn], dialect: Dialect) -> pl.DataFrame:
    """Give text its known types."""
    kinds = {column.name: column.type for column in columns}
    marks = ["", *dialect.nulls]
    made = []
    for column in text:
        values = column.replace(marks, [None] * len(marks))
        kind = kinds.get(column.name, "String")
        if kind == "String" or kind not in TYPES:
            made.append(values)
            continue
        typed = inference.cast(
            values, kind, decimal=dialect.decimal, spelling=dialect.times.get(column.name, "")
        )
        if typed.null_count() != values.null_count():
            what = f"column {column.name!r} holds what is no {kind}"
            raise ValueError(what)
        made.append(typed)
    return pl.DataFrame(made)


def _decode(path: Path, format: Format) -> pl.DataFrame:
    if format == "parquet":
        return pl.read_parquet(path)
    if format == "arrow":
        return _read_arrow(path)
    if format == "avro":
        return pl.read_avro(path)
    with path.open("rb") as file:
        is_array = file.read(64).lstrip()[:1] == b"["
    return (pl.read_json if is_array else pl.read_ndjson)(path, infer_schema_length=None)


def _read_arrow(path: Path) -> pl.DataFrame:
    with path.open("rb") as file:
        is_file = file.read(6) == b"ARROW1"
    return pl.read_ipc(path) if is_file else pl.read_ipc_stream(path)
