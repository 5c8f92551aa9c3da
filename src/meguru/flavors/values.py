"""Parsers of single values, lenient in their spelling: every way to write a value is read, and nothing else.

JSON has one kind of number and no dates, so clients differ: pandas writes whole numbers with gaps as
``3.0``, protobuf writes 64 bits as text, Jackson writes dates as arrays. What could be two values is none.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from meguru.flavors.signature import ColumnType

MISSING = frozenset({"NaN", "nan", "NaT", "<NA>"})
"""How the missing values of pandas and NumPy read as text; in a column of strings they are strings."""
EXACT = 2**53
"""Up to here each whole number is a double of its own."""
SURE_MILLISECONDS = 10**11
"""From here on a count since 1970 can't be meant in seconds: they would be after the year 5100."""
_BOOLEANS = {"true": True, "True": True, "false": False, "False": False}
_INFINITE = frozenset({"Infinity", "-Infinity", "inf", "-inf"})
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)"
    r"(?:[Tt ](\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)?(?: ?(?:([Zz])|([+-]\d\d)(?::?(\d\d))?))?)?",
    re.ASCII,
)
_MAX_DIGITS = 1000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Unfit(Exception):
    """A value that is not of its column's type; its text tells more than the value does, or is empty."""


def is_missing(value: Any, kind: ColumnType) -> bool:
    """Tell whether a value stands for none."""
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or (kind is not ColumnType.STRING and isinstance(value, str) and value in MISSING)


def number(text: str) -> Decimal | float:
    """Return the number that JSON text says, as exactly as it was written."""
    try:
        return Decimal(text)
    except InvalidOperation:  # its exponent has more digits than any number needs
        return float(text)


def whole(text: str) -> int | Decimal | float:
    """Return a JSON integer; one with very many digits, which no column takes, is not computed."""
    return int(text) if len(text) <= _MAX_DIGITS else number(text)


def boolean(value: Any) -> bool:
    """Read true or false."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in _BOOLEANS:
        return _BOOLEANS[value]
    if isinstance(value, int | float | Decimal) and value in {0, 1}:
        return bool(value)
    raise Unfit


def long(value: Any) -> int:
    """Read a whole number of 64 bits, as digits, as a float without a fraction, or as text of either."""
    if type(value) is Decimal and -EXACT <= value <= EXACT:  # the commonest, by the shortest way
        # int(Decimal) cuts the fraction off; what differs from its own integer part has one.
        near = int(value)
        if near == value:
            return near
    found = _numeric(value)
    if not found:
        return 0
    if not isinstance(found, int):
        if not math.isfinite(found) or (isinstance(found, Decimal) and found.adjusted() > _MAX_DIGITS):
            raise Unfit("that is beyond 64 bits")
        if found != math.floor(found):
            raise Unfit
        # Above 2^53 neighbouring integers are one double: 9007199254740993.0 is ...992.
        if isinstance(found, float) and abs(found) > EXACT:
            raise Unfit("a float of this size may stand for another whole number; send its digits")
        found = int(found)
    if not -(2**63) <= found < 2**63:
        raise Unfit("that is beyond 64 bits")
    return found


def double(value: Any) -> float:
    """Read a finite number, also as text."""
    if type(value) is Decimal or type(value) is int:
        try:
            near = float(value)
        except OverflowError:
            near = math.inf
        if math.isfinite(near):
            return near
    if isinstance(value, str) and value in _INFINITE:
        raise Unfit("it must be finite")
    try:
        found = float(_numeric(value))
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise Unfit("that is beyond what a double can hold" if isinstance(value, Decimal | int) else "")
    return found


def string(value: Any) -> str:
    """Read text that UTF-8 can hold."""
    if not isinstance(value, str):
        raise Unfit
    # isascii looks at a flag of the string; to encode every text costs as much as to decode it did.
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Unfit("it holds half a character (a lone surrogate)") from None
    return value


def datetime(value: Any) -> dt.datetime:
    """Read a moment, in UTC; without a zone it is in UTC, as times without one are in training data."""
    found = moment(value)
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def moment(value: Any) -> dt.datetime:
    """Read a moment, in UTC if it has a zone: ISO 8601 text, milliseconds, or Jackson's array."""
    if isinstance(value, str):
        found = _from_text(value)
    elif isinstance(value, list):
        found = _from_parts(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        found = _from_milliseconds(value)
    elif isinstance(value, float | Decimal):
        raise Unfit("a fraction may count seconds or milliseconds; send text")
    elif isinstance(value, dt.datetime):
        found = value
    else:
        raise Unfit
    try:
        return found.astimezone(dt.UTC) if found.tzinfo else found
    except OverflowError:
        raise Unfit("in UTC it is before the year 1 or after 9999") from None


READERS: dict[ColumnType, Callable[[Any], Any]] = {
    ColumnType.BOOLEAN: boolean,
    ColumnType.LONG: long,
    ColumnType.DOUBLE: double,
    ColumnType.STRING: string,
    ColumnType.DATETIME: datetime,
}
"""By column type, what reads a value that is not missing; it raises `Unfit`."""


def _numeric(value: Any) -> int | float | Decimal:
    if isinstance(value, str) and len(value) <= _MAX_DIGITS and _NUMBER.fullmatch(value):
        return int(value) if value.lstrip("-").isdigit() else number(value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Unfit
    return value


def _from_text(text: str) -> dt.datetime:
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise Unfit
    day, clock, seconds, utc, hours, minutes = found.groups()
    zone = "Z" if utc else f"{hours}:{minutes or '00'}" if hours else ""
    try:
        return msgspec.convert(f"{day}T{clock or '00:00'}{seconds or ':00'}{zone}", dt.datetime)
    except msgspec.ValidationError:
        raise Unfit("there is no such date or time") from None


def _from_parts(parts: list[Any]) -> dt.datetime:
    """Read ``[2016, 1, 31]`` or ``[2016, 1, 31, 9, 30, 0, 500000000]``, also without the last one or two."""
    if len(parts) not in {3, 5, 6, 7} or not all(type(part) is int and 0 <= part < 10**9 for part in parts):
        raise Unfit
    year, month, day, hour, minute, second, nanosecond = (*parts, 0, 0, 0, 0)[:7]
    text = f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{nanosecond:09}"
    return _from_text(text)


def _from_milliseconds(count: int) -> dt.datetime:
    # 0 is 1970 in either unit; up to 1e11 a number may be seconds of a year that is not far, or milliseconds
    # of 1973.
    if count and abs(count) < SURE_MILLISECONDS:
        raise Unfit("so small a number may count seconds or milliseconds; send text")
    try:
        return _EPOCH + dt.timedelta(milliseconds=count)
    except OverflowError:
        raise Unfit(
            "a number counts milliseconds since 1970, and so many lead beyond the year 9999"
        ) from None
