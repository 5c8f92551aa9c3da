"""How the types of a schema are spelled, and what they are to Polars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

TYPES: Mapping[str, Any] = {
    "Int64": pl.Int64,
    "UInt64": pl.UInt64,
    "Float64": pl.Float64,
    "Boolean": pl.Boolean,
    "String": pl.String,
    "Date": pl.Date,
    "Datetime": pl.Datetime("us"),
    "Datetime[UTC]": pl.Datetime("us", "UTC"),
}
NAMES = {dtype: name for name, dtype in TYPES.items()}
_WIDER: Mapping[Any, Any] = {
    **dict.fromkeys((pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16, pl.UInt32), pl.Int64()),
    pl.Float32: pl.Float64(),
    pl.Int128: pl.String(),
    pl.Categorical: pl.String(),
    pl.Enum: pl.String(),
    pl.Null: pl.String(),
}


def stored(dtype: pl.DataType) -> pl.DataType:
    """Return the type in which a column is kept: one table has one schema, whatever brought it."""
    if isinstance(dtype, pl.Datetime):
        return pl.Datetime("us", "UTC" if dtype.time_zone else None)
    found: pl.DataType = _WIDER.get(dtype.base_type(), dtype)
    return found


TIMES = {"Date", "Datetime", "Datetime[UTC]"}
