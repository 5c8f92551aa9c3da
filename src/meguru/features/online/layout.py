"""Serialise the values of a row with msgpack, so that they come back as the same values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import polars as pl

from meguru.errors import InvalidInput

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - of columns without a time zone
_DAY_ZERO = date(1970, 1, 1).toordinal()
_PER_SECOND = {"ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
Reader = Callable[[Any], Any]

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Any]).decode


class Layout:
    """The features of a view, in order, with their types.

    Whole numbers have 64 bits; floats keep every bit, NaN and -0.0 too; dates and times are kept as Polars
    keeps them and come back as Python's. A value that is not there is None.

    Parameters
    ----------
    types
        The Polars type of each feature, by name, in order.

    Raises
    ------
    InvalidInput
        If a type can't be kept; naming the feature.
    """

    def __init__(self, types: Mapping[str, pl.DataType]) -> None:
        self.types = {name: whole_type(kind) for name, kind in types.items()}
        self.names = list(types)
        kinds = self.types.values()
        self._readers = [(n, read) for n, kind in enumerate(kinds) if (read := reader_of(kind))]
        for name, kind in self.types.items():
            _check(name, kind)

    def pack(self, frame: pl.DataFrame) -> list[bytes]:
        """Pack rows; the frame has the features, with their types."""
        columns = [_plain(frame.get_column(name)) for name in self.names]
        if not columns:
            return [_encode(())] * frame.height
        return [_encode(row) for row in zip(*columns, strict=True)]

    def unpack(self, packed: bytes) -> list[Any]:
        """Return the values of a row, in order."""
        # The hot path of reading: only columns whose type msgpack lacks have a reader, and most rows have
        # none.
        values = _decode(packed)
        for index, read in self._readers:
            if values[index] is not None:
                values[index] = read(values[index])
        return values


def reader_of(kind: pl.DataType) -> Reader | None:
    """Return what makes a value of a type from what was kept; None if that is the value."""
    if isinstance(kind, pl.Datetime):
        return _datetime_reader(kind)
    # Floor division, as ticks before 1970 are negative; Python's times have microseconds, the rest is cut
    # off.
    if isinstance(kind, pl.Duration):
        per_second = _PER_SECOND[kind.time_unit]
        return lambda ticks: timedelta(microseconds=ticks * 1_000_000 // per_second)
    if isinstance(kind, pl.List | pl.Array) and (inner := reader_of(whole_type(kind.inner))):
        return lambda values: [None if value is None else inner(value) for value in values]
    return _READERS.get(type(kind))


def _datetime_reader(kind: pl.Datetime) -> Reader:
    per_second = _PER_SECOND[kind.time_unit]
    if kind.time_zone is None:
        return lambda ticks: _LOCAL_EPOCH + timedelta(microseconds=ticks * 1_000_000 // per_second)
    zone = UTC if kind.time_zone == "UTC" else ZoneInfo(kind.time_zone)
    return lambda ticks: (_EPOCH + timedelta(microseconds=ticks * 1_000_000 // per_second)).astimezone(zone)


def _time_of_day(nanoseconds: int) -> time_of_day:
    return (_LOCAL_EPOCH + timedelta(microseconds=nanoseconds // 1_000)).time()


_READERS: dict[type, Reader] = {
    pl.Date: lambda days: date.fromordinal(days + _DAY_ZERO),
    pl.Time: _time_of_day,
    pl.Decimal: Decimal,
}


def _check(name: str, kind: pl.DataType) -> None:
    if not _is_supported(kind, alone=True):
        raise InvalidInput(
            f"the feature {name!r} can't be kept for reading online",
            field=name,
            why=f"it is of the type {kind}",
            hint="make numbers, texts, times or lists of it",
        )


def _is_supported(kind: pl.DataType, *, alone: bool) -> bool:
    if isinstance(kind, pl.List | pl.Array):
        return _is_supported(whole_type(kind.inner), alone=False)
    if isinstance(kind, pl.Decimal | pl.Categorical | pl.Enum):
        return alone
    return not isinstance(kind, pl.Struct | pl.Object | pl.Int128)


def _plain(column: pl.Series) -> Sequence[Any]:
    """Return the values of a column as they are packed."""
    kind = column.dtype
    if isinstance(kind, pl.Categorical | pl.Enum | pl.Decimal):
        return column.cast(pl.String).to_list()
    if kind.is_temporal() or kind.is_nested():
        return column.to_physical().to_list()
    return column.to_list()


def whole_type(kind: Any) -> pl.DataType:
    """Return a type as an instance, where only its class was given."""
    found: pl.DataType = kind() if isinstance(kind, type) else kind
    return found
