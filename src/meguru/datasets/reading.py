"""Read a data file into a Polars frame, with the same types every time.

Polars looks at the whole file to find a column's type, so a value in the last row counts as much as one
in the first. ``NA`` and an empty field are missing values. Text that is a date or a time in ISO 8601 from
the first row to the last becomes one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from meguru.datasets.types import DatasetColumn, Format
from meguru.errors import InvalidInput

MISSING = ["", "NA"]
# (what a value looks like, how it is parsed, whether it is in UTC)
_TIMES = (
    (r"^\d{4}-\d\d-\d\d$", "%Y-%m-%d", False),
    (r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$", "%Y-%m-%dT%H:%M:%S%.fZ", True),
    (r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?$", "%Y-%m-%dT%H:%M:%S%.f", False),
    (r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$", "%Y-%m-%d %H:%M:%S%.f", False),
)
_TYPES: Mapping[str, Any] = {
    "Int64": pl.Int64,
    "Float64": pl.Float64,
    "Boolean": pl.Boolean,
    "String": pl.String,
    "Date": pl.Date,
    "Datetime": pl.Datetime("us"),
    "Datetime[UTC]": pl.Datetime("us", "UTC"),
}
_NAMES = {dtype: name for name, dtype in _TYPES.items()}
_TEXT = {"String", "Date", "Datetime", "Datetime[UTC]", "Null"}


def read(
    path: Path, format: Format, name: str, *, columns: Sequence[DatasetColumn] | None = None
) -> pl.DataFrame:
    """Read a whole file; with `columns`, give exactly these (absent ones as missing values).

    Raises
    ------
    InvalidInput
        If the file is not what its name says, or holds no rows.
    """
    try:
        frame = _decode(path, format, columns)
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise unreadable(name, format, str(error).split("\n")[0][:300]) from error
    if columns is not None:
        return conform(frame, columns)
    if frame.is_empty():
        raise unreadable(name, format, "it holds no rows")
    if twice := [column for column in frame.columns if re.search(r"_duplicated_\d+$", column)]:
        raise unreadable(name, format, f"two columns are called {twice[0].rpartition('_duplicated_')[0]!r}")
    if format == "csv" and (fields := _fields_of_cut_row(path)) and fields < frame.width:
        raise unreadable(name, format, f"it ends in the middle of a row: {fields} of {frame.width} fields")
    return frame


def unreadable(name: str, format: Format, why: str) -> InvalidInput:
    """Say why a file can't be used."""
    hint = "is the file whole, and of this format?"
    return InvalidInput(f"{name!r} can't be read as {format}", where=name, why=why, hint=hint, field="files")


def schema_of(frame: pl.DataFrame) -> list[DatasetColumn]:
    """Return the columns of a frame; one without any value has the type ``Null``."""
    nulls = dict(zip(frame.columns, frame.null_count().row(0), strict=True))
    return [
        DatasetColumn(
            name=name, type="Null" if nulls[name] == frame.height else _NAMES.get(dtype, str(dtype))
        )
        for name, dtype in frame.schema.items()
    ]


def conform(frame: pl.DataFrame, columns: Sequence[DatasetColumn]) -> pl.DataFrame:
    """Give a frame the columns and types of a merged schema."""
    schema = frame.schema  # asked once: a frame makes its list of columns anew each time
    chosen = []
    for column in columns:
        wanted = _TYPES.get(column.type)
        if column.name not in schema:
            chosen.append(pl.lit(None, dtype=wanted).alias(column.name))
        elif wanted is not None and schema[column.name] != wanted:
            chosen.append(pl.col(column.name).cast(wanted))
        else:
            chosen.append(pl.col(column.name))
    return frame.select(chosen)


def _decode(path: Path, format: Format, columns: Sequence[DatasetColumn] | None) -> pl.DataFrame:
    if format == "parquet":
        return pl.read_parquet(path)
    if format == "csv":
        return (
            _csv(path)
            if columns is None
            else _typed_csv(path, {column.name: column.type for column in columns})
        )
    with path.open("rb") as file:
        is_array = file.read(64).lstrip()[:1] == b"["
    return (pl.read_json if is_array else pl.read_ndjson)(path, infer_schema_length=None)


def _csv(path: Path) -> pl.DataFrame:
    frame = pl.read_csv(path, infer_schema_length=None, null_values=MISSING)
    return frame.with_columns(_with_time(column) for column in frame if column.dtype == pl.String)


def _fields_of_cut_row(path: Path) -> int:
    """Count the fields after the last line break; 0 when there is nothing, or no telling."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(max(0, path.stat().st_size - 65536))
        last = file.read().rpartition(b"\n")[2]
    return 0 if packed or not last.strip() or b'"' in last else last.count(b",") + 1


def _typed_csv(path: Path, types: Mapping[str, str]) -> pl.DataFrame:
    """Read with known types, which needs no look at the whole file first."""
    numbers = {name: _TYPES[kind] for name, kind in types.items() if kind in _TYPES and kind not in _TEXT}
    header = pl.read_csv(path, n_rows=0).columns
    overrides = {name: numbers.get(name, pl.String) for name in header}
    frame = pl.read_csv(path, null_values=MISSING, schema_overrides=overrides)
    times = [name for name in header if types.get(name) in _TEXT - {"String", "Null"}]
    return frame.with_columns(_with_time(frame[name]) for name in times)


def _with_time(column: pl.Series) -> pl.Series:
    """Parse a text column as dates or times if every value is one and all are written alike."""
    first = column.first(ignore_nulls=True)
    for pattern, spelling, utc in _TIMES:
        if first is None or not re.match(pattern, str(first)):
            continue
        if "%H" not in spelling:
            parsed = column.str.to_date(spelling, strict=False)
        else:
            parsed = column.str.to_datetime(spelling, strict=False, time_unit="us")
            parsed = parsed.dt.replace_time_zone("UTC") if utc else parsed
        if parsed.null_count() == column.null_count():
            return parsed
    return column
