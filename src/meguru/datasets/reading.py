"""Read files of versions that were made before tables became Parquet: as they were read then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from meguru.base.library_errors import reason
from meguru.datasets import inference
from meguru.datasets.delimited.before import read_as_before
from meguru.datasets.delimited.records import records
from meguru.datasets.ingest.refusals import unreadable
from meguru.datasets.polars_types import NAMES, TYPES
from meguru.datasets.types import DatasetColumn, Dialect, Format


def read(
    path: Path,
    format: Format,
    name: str,
    *,
    columns: Sequence[DatasetColumn],
    dialect: Dialect | None = None,
) -> pl.DataFrame:
    """Read a whole file of an earlier version, kept as it was given; absent columns are missing values.

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
    try:
        return conform(_read_as_registered(path, format, name, columns, dialect), columns)
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise unreadable(name, format, reason(error)) from error


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


def _read_as_registered(
    path: Path, format: Format, name: str, columns: Sequence[DatasetColumn], dialect: Dialect | None
) -> pl.DataFrame:
    if format == "csv":
        if dialect is None:
            return read_as_before(path, {column.name: column.type for column in columns})
        return _typed(records(path, dialect, name), columns, dialect)
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
        # A value that does not fit would silently be missing.
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
