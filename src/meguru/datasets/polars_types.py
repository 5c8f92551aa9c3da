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
TIMES = {"Date", "Datetime", "Datetime[UTC]"}
