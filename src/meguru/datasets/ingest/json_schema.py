"""Which columns JSON has: the types of its values as one that holds all of them."""

from __future__ import annotations

from typing import Any

import polars as pl

from meguru.errors import InvalidInput

_SCALARS = (pl.Int64, pl.Int128, pl.Float64, pl.Boolean)


def merged(known: dict[str, pl.DataType], found: dict[str, pl.DataType], name: str) -> dict[str, pl.DataType]:
    """Return the columns of both, in the order in which they were first seen.

    Raises
    ------
    InvalidInput
        If a column holds values that nothing holds together.
    """
    both = dict(known)
    for column, dtype in found.items():
        both[column] = _widest(both.get(column, dtype), dtype, column, name)
    return both


def _widest(first: pl.DataType, second: pl.DataType, column: str, name: str) -> pl.DataType:
    if second in {first, pl.Null}:
        return first
    if first == pl.Null:
        return second
    if isinstance(first, pl.List) and isinstance(second, pl.List):
        return pl.List(_widest(_inner(first), _inner(second), column, name))
    if isinstance(first, pl.Struct) and isinstance(second, pl.Struct):
        return pl.Struct(merged(_fields(first), _fields(second), name))
    if both := _scalar({first.base_type(), second.base_type()}):
        return both
    raise InvalidInput(
        f"column {column!r} of {name} holds values of more than one kind",
        where=name,
        why=f"{first} and {second}",
        hint="make them one, or keep them apart in two columns",
        field="files",
    )


def _fields(struct: pl.Struct) -> dict[str, pl.DataType]:
    return {field.name: _made(field.dtype) for field in struct.fields}


def _scalar(pair: set[Any]) -> pl.DataType | None:
    # Polars infers Int128 for whole numbers beyond 64 bits.
    if pair == {pl.Int64, pl.Int128}:
        return pl.Int128()
    if pair == {pl.Int64, pl.Float64}:
        return pl.Float64()
    return pl.String() if pl.String in pair and pair - {pl.String} <= set(_SCALARS) else None


def _inner(dtype: pl.List) -> pl.DataType:
    return _made(dtype.inner)


def _made(dtype: Any) -> pl.DataType:
    return dtype if isinstance(dtype, pl.DataType) else dtype()
