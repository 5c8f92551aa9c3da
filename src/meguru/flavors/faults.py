"""Why rows do not fit a signature: the first field at fault, and what was wanted there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from meguru.errors import InvalidInput, near_misses
from meguru.flavors.signature import Column, ColumnType, Signature

_INT64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_PYTHON: dict[ColumnType, Any] = {
    ColumnType.BOOLEAN: bool,
    ColumnType.LONG: _INT64,
    ColumnType.DOUBLE: float,
    ColumnType.STRING: str,
    ColumnType.DATETIME: dt.datetime,
}
_WANTED = {
    ColumnType.BOOLEAN: "true or false",
    ColumnType.LONG: "a whole number",
    ColumnType.DOUBLE: "a number",
    ColumnType.STRING: "a string",
    ColumnType.DATETIME: "an RFC 3339 time",
}


def python_type(column: Column) -> Any:
    """Return the Python type that JSON values of a column decode to."""
    kind = _PYTHON[column.type]
    return kind | None if column.nullable else kind


def in_rows(signature: Signature, rows: Any, *, where: str, otherwise: str) -> InvalidInput:
    """Return the error that names the first fault in rows; `otherwise` is its reason when none is found."""
    if not isinstance(rows, list):
        return InvalidInput(f"{where} must be an array of objects", field=where, why=f"it is {_shown(rows)}")
    for index, row in enumerate(rows):
        path = f"{where}[{index}]"
        if not isinstance(row, Mapping):
            return InvalidInput(f"{path} must be an object", field=path, why=f"it is {_shown(row)}")
        if fault := _names(signature, row, path):
            return fault
        for column in signature.inputs:
            if not _fits(row[column.name], column):
                return _wrong_value(column, row[column.name], f"{path}.{column.name}")
    return InvalidInput("the rows do not fit the model's signature", field=where, why=otherwise)


def in_columns(signature: Signature, data: Mapping[str, Any], *, where: str, otherwise: str) -> InvalidInput:
    """Return the error that names the first fault in columns; `otherwise` is its reason if none is found."""
    if fault := _names(signature, data, where):
        return fault
    for column in signature.inputs:
        values, path = data[column.name], f"{where}.{column.name}"
        if not isinstance(values, list):
            return InvalidInput(f"{path} must be an array", field=path, why=f"it is {_shown(values)}")
        for index, value in enumerate(values):
            if not _fits(value, column):
                return _wrong_value(column, value, f"{path}[{index}]")
    return InvalidInput("the columns do not fit the model's signature", field=where, why=otherwise)


def in_lengths(lengths: Mapping[str, int], *, where: str) -> InvalidInput:
    """Return the error that names the column with too few values."""
    longest = max(lengths.values())
    short = next(name for name, count in lengths.items() if count < longest)
    why = f"it has {lengths[short]} values where another column has {longest}"
    return InvalidInput("the columns have different lengths", field=f"{where}.{short}", why=why)


def _names(signature: Signature, given: Mapping[str, Any], path: str) -> InvalidInput | None:
    missing = [column for column in signature.inputs if column.name not in given]
    unknown = next((str(name)[:80] for name in given if name not in signature.names), None)
    if unknown is not None:
        close = near_misses(unknown, [column.name for column in missing] or signature.names)
        hint = f"did you mean {close[0]!r}?" if close else "leave it out: the model does not take it"
        return InvalidInput(f"the model has no column {unknown!r}", field=f"{path}.{unknown}", hint=hint)
    if missing:
        name = missing[0].name
        why = f"the model takes {_wanted(missing[0])} here"
        return InvalidInput(f"column {name!r} is missing", field=f"{path}.{name}", why=why)
    return None


def _fits(value: Any, column: Column) -> bool:
    try:
        msgspec.convert(value, python_type(column))
    except msgspec.ValidationError:
        return False
    return True


def _wrong_value(column: Column, value: Any, path: str) -> InvalidInput:
    return InvalidInput(f"{path} must be {_wanted(column)}", field=path, why=f"it is {_shown(value)}")


def _wanted(column: Column) -> str:
    return _WANTED[column.type] + (" or null" if column.nullable else "")


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    names = {bool: "the boolean", int: "the number", float: "the number", str: "the string"}
    if type(value) in names:
        text = str(value).lower() if isinstance(value, bool) else repr(value)
        return f"{names[type(value)]} {text if len(text) <= 40 else text[:37] + '…'}"
    if isinstance(value, Mapping):
        return "an object"
    return "an array" if isinstance(value, list) else type(value).__name__
