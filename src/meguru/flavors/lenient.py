"""The lenient parser of rows: value by value, in every spelling that clients use, naming the first bad field.

It is the slow path, taken when the strict decoder (`meguru.flavors.rows`) fails.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from msgspec import UNSET

from meguru.errors import InvalidInput, near_misses
from meguru.flavors import list_columns, values
from meguru.flavors.field_errors import FieldPath, describe_type, describe_value
from meguru.flavors.signature import Signature, SignatureColumn


def loads(text: str) -> Any:
    """Decode JSON with its numbers as they were written; Python's ``NaN`` and ``Infinity`` are floats.

    Raises
    ------
    ValueError, RecursionError
        If it is not JSON, or nested beyond all reason.
    """
    try:
        return json.loads(text, parse_float=Decimal, parse_int=values.whole)
    except InvalidOperation:  # an exponent with more digits than any number needs
        return json.loads(text, parse_float=values.number, parse_int=values.whole)


def read_rows(
    signature: Signature, rows: Any, where: FieldPath, *, partial: bool = False
) -> list[tuple[Any, ...]]:
    """Return rows (a list of dicts), each in signature order; in `partial` ones what is not there is unset.

    Raises
    ------
    InvalidInput
        Naming the first field at fault.
    """
    if not isinstance(rows, list):
        why = f"it is {describe_value(rows)}"
        raise InvalidInput(f"{where.form} must be an array of objects", field=where.form, why=why)
    names = set(signature.names)
    readers = _readers(signature)
    found = []
    for index, row in enumerate(rows):
        if not isinstance(row, Mapping):
            path, why = where.row(index), f"it is {describe_value(row)}"
            raise InvalidInput(f"{path} must be an object", field=path, why=why)
        if row.keys() != names and not (partial and row.keys() <= names):
            raise _wrong_names(signature, names, row, where.row(index))
        found.append(
            tuple([read(row[name], index, where) if name in row else UNSET for name, read in readers])
        )
    return found


def read_columns(
    signature: Signature, data: Any, where: FieldPath, *, partial: bool = False
) -> list[tuple[Any, ...]]:
    """Return the rows of columns: a dict of lists, or of pandas' dicts by index.

    Raises
    ------
    InvalidInput
        Naming the first field at fault; columns of different lengths are refused too.
    """
    if not isinstance(data, Mapping):
        why = f"it is {describe_value(data)}"
        raise InvalidInput(f"{where.form} must be an object of arrays", field=where.form, why=why)
    names = set(signature.names)
    if data.keys() != names and not (partial and data.keys() <= names):
        raise _wrong_names(signature, names, data, where.form)
    here = [name for name in signature.names if name in data]
    if not here:
        return []
    given = {name: _listed(data[name], f"{where.form}.{name}") for name in here}
    check_lengths({name: len(each) for name, each in given.items()}, where)
    _check_index({name: data[name] for name in here}, where)
    absent = (UNSET,) * len(given[here[0]])
    columns = [
        [read(value, index, where) for index, value in enumerate(given[name])] if name in given else absent
        for name, read in _readers(signature)
    ]
    return list(zip(*columns, strict=True))


def check_lengths(lengths: Mapping[str, int], where: FieldPath) -> None:
    """Raise InvalidInput, naming the column with too few values, unless all have equally many."""
    longest = max(lengths.values())
    for name, count in lengths.items():
        if count < longest:
            why = f"it has {count} values where another column has {longest}"
            raise InvalidInput("the columns have different lengths", field=f"{where.form}.{name}", why=why)


def _readers(signature: Signature) -> list[tuple[str, Callable[[Any, int, FieldPath], Any]]]:
    return [(column.name, _reader(column)) for column in signature.inputs]


def _reader(column: SignatureColumn) -> Callable[[Any, int, FieldPath], Any]:
    """Return what reads a column's value of a row."""
    plain, nullable, shape = values.READERS[column.type], column.nullable, column.shape
    read: Callable[[Any], Any] = partial(_listed_values, shape, plain) if shape else plain

    def value_of(value: Any, index: int, where: FieldPath) -> Any:
        try:
            return read(value)
        except values.Unfit as error:
            is_missing = values.is_missing(value, column.type)
            if is_missing and nullable:
                return None
            why = "" if is_missing else str(error)
        path = where.cell(index, column.name)
        why = f"it is {describe_value(value)}" + (f": {why}" if why else "")
        raise InvalidInput(f"{path} must be {describe_type(column)}", field=path, why=why)

    return value_of


def _listed_values(shape: tuple[int, ...], plain: Callable[[Any], Any], value: Any) -> Any:
    try:
        return list_columns.check_values(value, shape, plain)
    except ValueError as error:
        raise values.Unfit(str(error)) from error


def _wrong_names(signature: Signature, names: set[str], given: Mapping[str, Any], path: str) -> InvalidInput:
    missing = [column for column in signature.inputs if column.name not in given]
    unknown = next((str(name)[:80] for name in given if name not in names), None)
    if unknown is not None:
        close = near_misses(unknown, [column.name for column in missing] or signature.names)
        hint = f"did you mean {close[0]!r}?" if close else "leave it out: the model does not take it"
        return InvalidInput(f"the model has no column {unknown!r}", field=f"{path}.{unknown}", hint=hint)
    return missing_column(missing[0], path)


def missing_column(column: SignatureColumn, path: str, why: str = "") -> InvalidInput:
    """Return the error for a column that a row, whose path is given, does not have."""
    return InvalidInput(
        f"column {column.name!r} is missing",
        field=f"{path}.{column.name}",
        why=why or f"the model takes {describe_type(column)} here",
        hint="send null where there is no value" if column.nullable else "",
    )


def _listed(column: Any, path: str) -> Sequence[Any]:
    if isinstance(column, Mapping):
        return list(column.values())
    if not isinstance(column, list):
        raise InvalidInput(f"{path} must be an array", field=path, why=f"it is {describe_value(column)}")
    return column


def _check_index(columns: Mapping[str, Any], where: FieldPath) -> None:
    """Refuse columns by index whose values stand in other orders: they would be put together wrongly."""
    first = next(iter(columns))
    indexes = [list(each) if isinstance(each, Mapping) else None for each in columns.values()]
    for name, index in zip(columns, indexes, strict=True):
        if index != indexes[0]:
            why = f"they are called otherwise, or come in another order, than in {first!r}"
            raise InvalidInput("the columns have different rows", field=f"{where.form}.{name}", why=why)
