"""Files of versions made before dialects were kept: UTF-8, commas, ``NA`` for what is missing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

NUMBERS: Mapping[str, Any] = {"Int64": pl.Int64, "Float64": pl.Float64, "Boolean": pl.Boolean}
TIMES = {"Date", "Datetime", "Datetime[UTC]"}


def read_as_before(path: Path, types: Mapping[str, str]) -> pl.DataFrame:
    """Read a file of a version that was made before dialects were kept, as it was read then."""
    numbers = {name: NUMBERS[kind] for name, kind in types.items() if kind in NUMBERS}
    header = pl.read_csv(path, n_rows=0).columns
    overrides = {name: numbers.get(name, pl.String) for name in header}
    frame = pl.read_csv(path, null_values=["", "NA"], schema_overrides=overrides)
    times = [name for name in header if types.get(name) in TIMES]
    return frame.with_columns(_with_time(frame[name]) for name in times)


_SPELLINGS = (
    (r"^\d{4}-\d\d-\d\d$", "%Y-%m-%d", False),
    (r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$", "%Y-%m-%dT%H:%M:%S%.fZ", True),
    (r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?$", "%Y-%m-%dT%H:%M:%S%.f", False),
    (r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$", "%Y-%m-%d %H:%M:%S%.f", False),
)


def _with_time(column: pl.Series) -> pl.Series:
    """Parse a text column as dates or times if every value is one and all are written alike."""
    first = column.first(ignore_nulls=True)
    for pattern, spelling, utc in _SPELLINGS:
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
