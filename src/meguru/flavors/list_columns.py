"""Columns whose values are lists of one shape: vectors, pictures, sequences; and MLflow's tensors."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from meguru.errors import InvalidInput
from meguru.flavors.signature import ColumnType, SignatureColumn

if TYPE_CHECKING:
    import polars as pl

MAX_DEPTH = 4
MAX_VALUES = 1 << 20
"""So many values may one list hold, with all that is in its lists."""
MAX_WIDTH = 10_000
"""So many columns may a tensor be taken apart into."""
_TENSOR_TYPES = {"f": ColumnType.DOUBLE, "i": ColumnType.LONG, "u": ColumnType.LONG, "b": ColumnType.BOOLEAN}


def column_of(series: pl.Series, type_of: Callable[[pl.Series], ColumnType]) -> SignatureColumn:
    """Return the column of a series of lists.

    Raises
    ------
    InvalidInput
        When they have different lengths, missing values, or hold other than numbers, booleans and text.
    """
    import polars as pl

    shape, inner = [], series
    while isinstance(inner.dtype, pl.List | pl.Array):
        if inner.null_count():
            raise _unfit(series, "a list is missing, which no tensor can hold")
        lists = inner.arr.to_list() if isinstance(inner.dtype, pl.Array) else inner
        # One length at each depth is what makes a tensor of nested lists.
        lengths = lists.list.len().unique().to_list()
        if len(lengths) != 1 or not lengths[0]:
            raise _unfit(series, f"its lists have {', '.join(map(str, sorted(lengths)[:4]))} values")
        shape.append(int(lengths[0]))
        inner = lists.explode()
    kind = type_of(inner)
    if inner.null_count() or kind is ColumnType.DATETIME:
        raise _unfit(series, "values are missing in them" if inner.null_count() else "they hold times")
    check_shape(series.name, tuple(shape), depth=len(shape))
    return SignatureColumn(name=series.name, type=kind, sizes=tuple(shape))


def _unfit(series: pl.Series, why: str) -> InvalidInput:
    return InvalidInput(
        f"column {series.name!r} holds lists that no model can take",
        field=series.name,
        why=why,
        hint="make all lists equally long, of numbers, booleans or text",
    )


def check_shape(name: str, shape: tuple[int, ...], *, depth: int) -> None:
    """Refuse a shape of another depth, of sizes that are none, or beyond all bounds."""
    sizes = all(type(size) is int and size > 0 for size in shape)
    if len(shape) != depth or not sizes:
        raise InvalidInput(
            f"the shape of column {name!r} is not known", field=name, why=f"it is said to be {list(shape)}"
        )
    if depth > MAX_DEPTH or math.prod(shape) > MAX_VALUES:
        raise InvalidInput(
            f"column {name!r} holds lists that are too large",
            field=name,
            why=f"{MAX_VALUES:,} values in {MAX_DEPTH} levels are allowed; it has {list(shape)}",
        )


def innermost(entry: Mapping[str, Any]) -> tuple[str, int]:
    """Return the type that MLflow's entry of a column holds in the end, and how many lists are around it."""
    depth, found = 0, entry
    # Bounded by depth: the entry is JSON out of a file.
    while found["type"] == "array" and depth <= MAX_DEPTH:
        depth, found = depth + 1, found["items"]
    return str(found["type"]), depth


def columns_of_tensor(name: str, spec: Mapping[str, Any]) -> list[SignatureColumn]:
    """Return the columns that stand for a tensor of MLflow's; its first size counts the rows."""
    import numpy as np

    kind = np.dtype(spec["dtype"]).kind
    column_type = ColumnType.STRING if kind in "OUS" else _TENSOR_TYPES[kind]
    shape = tuple(int(size) for size in spec["shape"])[1:]
    if not name and len(shape) == 1 and 0 < shape[0] <= MAX_WIDTH:
        return [SignatureColumn(name=f"x{index}", type=column_type) for index in range(shape[0])]
    check_shape(name or "x0", shape, depth=len(shape))
    return [SignatureColumn(name=name or "x0", type=column_type, sizes=shape or UNSET)]


def filled(shape: tuple[int, ...], value: Any) -> Any:
    """Return lists of a shape that hold `value` everywhere; the value itself where there is no shape."""
    for size in reversed(shape):
        value = [value] * size
    return value


def check_values(values: Any, shape: tuple[int, ...], read: Callable[[Any], Any]) -> Any:
    """Return nested lists with every value read; ValueError says which level has another length.

    Raises
    ------
    ValueError
        When the lists have another shape.
    """
    if not shape:
        return read(values)
    if not isinstance(values, list) or len(values) != shape[0]:
        given = f"{len(values)} values" if isinstance(values, list) else "no list"
        message = f"it has {given} where {shape[0]} are wanted"
        raise ValueError(message)
    return [check_values(each, shape[1:], read) for each in values]
