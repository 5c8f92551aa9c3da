"""Structs as rows of a table whose columns are called as their fields; without SQLAlchemy.

A value is spelled by the type of its field as the column types of `meguru.storage.db` spell it: moments as
sortable text, what SQL has no type for as canonical JSON. So both ways of writing leave the same bytes.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from meguru.base.timestamps import read_time, write_time
from meguru.storage.lengths import check_length
from meguru.storage.statements import Statements, marks

S = TypeVar("S", bound=msgspec.Struct)
_Convert = Callable[[Any], Any]
_PLAIN = (str, int, float)


class _Field(NamedTuple):
    """How a field is written and read; None: as it is."""

    name: str
    write: _Convert | None
    read: _Convert | None


class _InsertForm(NamedTuple):
    """What of an insert is the same each time: every change of a workspace appends an event by one."""

    statement: str
    names: tuple[str, ...]
    places: dict[str, int]
    writers: tuple[tuple[int, _Convert], ...]


def insert(
    sql: Statements, table: str, *items: msgspec.Struct, leave_out: Collection[str] = frozenset()
) -> None:
    """Add rows, each with all fields of its struct but those to leave out.

    Raises
    ------
    InvalidInput
        If a text is longer than its column; SQLite alone would keep it.
    """
    if not items:
        return
    form = _form(type(items[0]), frozenset(leave_out), table)
    lengths = sql.lengths(table)
    rows = [_written(item, form, lengths) for item in items]
    if len(rows) == 1:
        sql.execute(form.statement, rows[0])
    else:
        sql.executemany(form.statement, rows)


def select(sql: Statements, struct: type[S], table: str, where: str, values: Sequence[Any] = ()) -> list[S]:
    """Return the rows that `where` chooses; it may order and limit them, too."""
    fields = _fields(struct, frozenset())
    found = sql.execute(f'SELECT {_quoted(fields)} FROM "{table}" WHERE {where}', values)  # noqa: S608
    names = [field.name for field in fields]
    readers = [(index, field.read) for index, field in enumerate(fields) if field.read is not None]
    items = []
    for row in found.fetchall():
        columns = list(row)
        for index, read in readers:
            columns[index] = read(columns[index])
        items.append(struct(**dict(zip(names, columns, strict=True))))
    return items


def struct_of(struct: type[S], columns: Mapping[Any, Any]) -> S:
    """Return a struct of a row's values, whose columns are called as its fields are, not as these in JSON."""
    # By its attributes: from a mapping msgspec takes the names that fields have in JSON, and these stay what
    # they were when a column gets another name. No row itself: one of SQLAlchemy has a method `count`.
    return msgspec.convert(types.SimpleNamespace(**columns), struct, from_attributes=True)


def _written(item: msgspec.Struct, form: _InsertForm, lengths: Mapping[str, int]) -> list[Any]:
    row = [getattr(item, name) for name in form.names]
    for index, write in form.writers:
        row[index] = write(row[index])
    for name, length in lengths.items():
        index = form.places.get(name, -1)
        if index >= 0 and isinstance(row[index], str):
            check_length(name, row[index], length)
    return row


def _quoted(fields: Sequence[_Field]) -> str:
    return ", ".join(f'"{field.name}"' for field in fields)


@lru_cache(maxsize=64)
def _form(struct: type[msgspec.Struct], leave_out: frozenset[str], table: str) -> _InsertForm:
    fields = _fields(struct, leave_out)
    names = tuple(field.name for field in fields)
    # The names come from our own structs, never from outside.
    statement = f'INSERT INTO "{table}" ({_quoted(fields)}) VALUES ({marks(len(fields))})'  # noqa: S608
    writers = tuple((index, field.write) for index, field in enumerate(fields) if field.write is not None)
    return _InsertForm(statement, names, {name: index for index, name in enumerate(names)}, writers)


@lru_cache(maxsize=64)
def _fields(struct: type[msgspec.Struct], leave_out: frozenset[str]) -> tuple[_Field, ...]:
    hints = get_type_hints(struct)
    names = (name for name in struct.__struct_fields__ if name not in leave_out)
    return tuple(_Field(name, *_converters(hints[name])) for name in names)


def _converters(hint: Any) -> tuple[_Convert | None, _Convert | None]:
    members = get_args(hint) if get_origin(hint) in {Union, types.UnionType} else (hint,)
    kinds = [member for member in members if member is not types.NoneType]
    if len(kinds) == 1 and isinstance(kinds[0], type) and get_origin(kinds[0]) is None:
        (kind,) = kinds
        if issubclass(kind, Enum):  # before the plain ones: a StrEnum is a text, too
            return _optional(lambda value: value.value), _optional(kind)
        if issubclass(kind, datetime):
            return _optional(write_time), _optional(read_time)
        if kind is bool:
            return None, _optional(bool)  # SQLite has no truth, only numbers
        if issubclass(kind, _PLAIN):
            return None, None
    if all(get_origin(each) is Literal for each in kinds):
        return None, None
    decode = msgspec.json.Decoder(hint).decode
    # A column of JSON spells None as JSON does; rows of before it was there have none.
    return _to_json, lambda text: decode("null" if text is None else text)


def _to_json(value: Any) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


def _optional(convert: _Convert) -> _Convert:
    return lambda value: None if value is None else convert(value)
