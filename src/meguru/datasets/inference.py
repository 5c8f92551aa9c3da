"""Text becomes the values of the type that its column was said, or found (see `ingest.column`), to have."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

_CLOCK = r"\d\d:\d\d:\d\d"
_OFFSET = r"(?:Z|[+-]\d\d:?\d\d)$"
TIMES = (
    (r"^\d{4}-\d\d-\d\d$", "%Y-%m-%d"),
    (rf"^\d{{4}}-\d\d-\d\dT{_CLOCK}(?:\.\d{{1,6}})?{_OFFSET}", "%Y-%m-%dT%H:%M:%S%.f%#z"),
    (rf"^\d{{4}}-\d\d-\d\d {_CLOCK}(?:\.\d{{1,6}})?{_OFFSET}", "%Y-%m-%d %H:%M:%S%.f%#z"),
    (rf"^\d{{4}}-\d\d-\d\dT{_CLOCK}(?:\.\d{{1,6}})?$", "%Y-%m-%dT%H:%M:%S%.f"),
    (rf"^\d{{4}}-\d\d-\d\d {_CLOCK}(?:\.\d{{1,6}})?$", "%Y-%m-%d %H:%M:%S%.f"),
)
ZONED = "%#z"


def cast(column: pl.Series, kind: str, *, decimal: str, spelling: str = "") -> pl.Series:
    """Make text what it was said, or found, to be; what is not becomes null.

    Parameters
    ----------
    column
        Text, with nulls for missing values.
    kind
        A type as the schema of a version spells it.
    decimal
        What stands before the decimals.
    spelling
        How dates and times are written; empty: as ISO 8601, in any of `TIMES`.
    """
    if kind in {"String", "Null"}:
        return column
    if kind == "Boolean":
        lower = column.str.to_lowercase()
        return lower.replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean)
    if kind in {"Date", "Datetime", "Datetime[UTC]"}:
        return _time(column, kind, spelling)
    plain = column if decimal == "." else column.str.replace(decimal, ".", literal=True)
    return plain.cast({"Float64": pl.Float64, "UInt64": pl.UInt64}.get(kind, pl.Int64), strict=False)


def _time(column: pl.Series, kind: str, spelling: str) -> pl.Series:
    for each in [spelling] if spelling else [form for _, form in TIMES]:
        if kind == "Date":
            made = column.str.to_date(each, strict=False)
        elif each.endswith(("%z", ZONED, "%:z")):
            made = column.str.to_datetime(each, strict=False, time_unit="us", time_zone="UTC")
            made = made if kind == "Datetime[UTC]" else made.dt.replace_time_zone(None)
        else:
            made = column.str.to_datetime(each, strict=False, time_unit="us")
            made = made.dt.replace_time_zone("UTC") if kind == "Datetime[UTC]" else made
        if made.null_count() == column.null_count():
            return made
    return made


TYPE_WORDS: Mapping[str, str] = {
    "text": "String",
    "string": "String",
    "str": "String",
    "integer": "Int64",
    "int": "Int64",
    "number": "Float64",
    "float": "Float64",
    "boolean": "Boolean",
    "bool": "Boolean",
    "date": "Date",
    "datetime": "Datetime",
    "time": "Datetime",
    "timestamp": "Datetime[UTC]",
}
"""What people say of a column, and the type that it is."""
