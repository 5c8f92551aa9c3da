"""Convert rows of a source to structs, and its columns to their fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

import msgspec

from meguru.errors import InvalidInput, near_misses

T = TypeVar("T", bound=msgspec.Struct)
Row: TypeAlias = dict[str, Any]
_MAX_SHOWN = 80


class SourceColumns:
    """What the columns of a source are called, and what they mean here.

    Parameters
    ----------
    into
        The struct of a row.
    required
        Of these columns a source has at least one; a row in which all are empty is left out.
    renamed
        Columns of the source by the field that they hold (``{"value": "late"}``). With any, a source may have
        further columns, which are not read.
    """

    def __init__(
        self,
        into: type[msgspec.Struct],
        *,
        required: Sequence[str],
        renamed: Mapping[str, str] | None = None,
    ) -> None:
        self.fields, self.required = into.__struct_fields__, tuple(required)
        self.is_open = bool(renamed)
        for field in renamed or {}:
            if field not in self.fields:
                raise _no_field(field, self.fields, "")
        self._renamed = {source: field for field, source in (renamed or {}).items()}

    def field(self, column: str, where: str) -> str:
        """Return the field that a column holds, empty for one that is not read; refuse an unknown one."""
        if column in self._renamed:
            return self._renamed[column]
        if column in self.fields and column not in self._renamed.values():
            return column
        if self.is_open:
            return ""
        raise _no_field(column, self.fields, where)

    def of(self, names: Iterable[str], where: str) -> list[str]:
        """Return the field of each column, in order.

        Raises
        ------
        InvalidInput
            When a column is unknown, comes twice, or none of the required ones is there.
        """
        found = [self.field(name, where) for name in names]
        read = [each for each in found if each]
        if len(set(read)) != len(read):
            twice = next(each for each in read if read.count(each) > 1)
            raise InvalidInput(f"two columns hold {twice!r}", where=where)
        if missing := [each for each in self._renamed.values() if each not in read]:
            raise InvalidInput(f"there is no column for {missing[0]!r}", where=where)
        if not set(read) & set(self.required):
            wanted = " or ".join(map(repr, self.required[:4]))
            raise InvalidInput(f"there is no column {wanted}", where=where)
        return found


def shaped(
    rows: Iterable[tuple[int, Row]], into: type[T], columns: SourceColumns, at_most: int
) -> Iterator[list[tuple[int, T]]]:
    """Make rows into structs, in lists of at most so many, each with its number; empty ones are left out.

    Raises
    ------
    InvalidInput
        When a row is none; names it.
    """
    said = columns.required
    known = (
        (number, _struct(row, number, into))
        for number, row in rows
        if any(row.get(name) is not None for name in said)
    )
    while some := list(islice(known, at_most)):
        yield some


def _struct(row: Row, number: int, into: type[T]) -> T:
    given = {
        name: _PLAIN[type(value)](value) if type(value) in _PLAIN else value
        for name, value in row.items()
        if value is not None
    }
    try:
        return msgspec.convert(given, into)
    except (msgspec.ValidationError, OverflowError, RecursionError) as error:
        field = f"row {number}"
        raise InvalidInput(f"{field} can't be taken", why=str(error)[:300], field=field) from None


def _plain_number(value: Decimal) -> float | int:
    return int(value) if value == value.to_integral_value() and abs(value) < 1 << 53 else float(value)


_PLAIN: Mapping[type, Callable[[Any], Any]] = {Decimal: _plain_number, UUID: str}


def _no_field(name: str, fields: Sequence[str], where: str) -> InvalidInput:
    close = near_misses(name, fields)
    hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(fields)}"
    return InvalidInput(f"there is no column {name[:_MAX_SHOWN]!r} to read", where=where, hint=hint)
