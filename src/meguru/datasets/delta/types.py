"""How a version's columns are called in a Delta table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import polars as pl

from meguru.errors import InvalidInput

_SAME: Mapping[Any, str] = {
    pl.Int8: "byte",
    pl.Int16: "short",
    pl.Int32: "integer",
    pl.Int64: "long",
    pl.Float32: "float",
    pl.Float64: "double",
    pl.Boolean: "boolean",
    pl.String: "string",
    pl.Date: "date",
    pl.Binary: "binary",
}
_WIDER: Mapping[Any, Any] = {
    pl.UInt8: pl.Int16,
    pl.UInt16: pl.Int32,
    pl.UInt32: pl.Int64,
    pl.UInt64: pl.Decimal(20, 0),
    pl.Null: pl.String,
    pl.Time: pl.String,
}
"""What Delta has no type for, and the type that holds all its values."""


class DatasetTable(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset as a Delta Lake table: where it is, and the table's version that is the dataset's.

    `query` is SQL for DuckDB with its extension for Delta, which reads the newest version; `view` is plain
    SQL over the files of this one. `copied` are bytes of files that could not be links.
    """

    ref: str
    uri: str
    version: int
    files: int
    query: str
    view: str
    copied: int = 0


def type_in_table(dtype: pl.DataType, column: str) -> pl.DataType:
    """Return the type that a column has in a table: its own, or the one that holds all its values.

    Raises
    ------
    InvalidInput
        If a table can't hold it.
    """
    wider = _WIDER.get(dtype.base_type())
    if wider is not None:
        return _plain(wider)
    if isinstance(dtype, pl.Datetime):
        return pl.Datetime("us", "UTC" if dtype.time_zone else None)
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return pl.String()
    if isinstance(dtype, pl.List):
        return pl.List(type_in_table(_plain(dtype.inner), column))
    if isinstance(dtype, pl.Struct):
        return pl.Struct({field.name: type_in_table(_plain(field.dtype), column) for field in dtype.fields})
    if dtype.base_type() not in _SAME and not isinstance(dtype, pl.Decimal):
        raise InvalidInput(
            f"a Delta table can't hold column {column!r}", why=f"its type is {dtype}", field="ref"
        )
    return dtype


def type_in_log(dtype: pl.DataType) -> Any:
    """Return how Delta's log writes a type that `type_in_table` gave."""
    if isinstance(dtype, pl.Datetime):
        return "timestamp" if dtype.time_zone else "timestamp_ntz"
    if isinstance(dtype, pl.Decimal):
        return f"decimal({dtype.precision or 38},{dtype.scale})"
    if isinstance(dtype, pl.List):
        return {"type": "array", "elementType": type_in_log(_plain(dtype.inner)), "containsNull": True}
    if isinstance(dtype, pl.Struct):
        return {
            "type": "struct",
            "fields": [_field(field.name, _plain(field.dtype)) for field in dtype.fields],
        }
    return _SAME[dtype.base_type()]


def schema_of(columns: Mapping[str, pl.DataType]) -> str:
    """Return the schema of a table as its log has it."""
    fields = [_field(name, dtype) for name, dtype in columns.items()]
    return msgspec.json.encode({"type": "struct", "fields": fields}).decode()


def has_local_times(dtype: pl.DataType) -> bool:
    """Tell whether a type has times without a zone, which a reader must know of."""
    return "timestamp_ntz" in msgspec.json.encode(type_in_log(dtype)).decode()


def _field(name: str, dtype: pl.DataType) -> dict[str, Any]:
    return {"name": name, "type": type_in_log(dtype), "nullable": True, "metadata": {}}


def _plain(dtype: Any) -> pl.DataType:
    """Return a type as an instance: Polars also names those without parameters by their class."""
    made: pl.DataType = dtype() if isinstance(dtype, type) else dtype
    return made
