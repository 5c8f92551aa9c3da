"""A chunk's bytes: the columns of many points, each as small as its numbers allow.

Three letters, of the steps, the times and the values, then these columns. A letter of the first two is of the
smallest whole number that holds the difference of any two neighbours (``b h i q``, one to eight bytes), or
``=`` where all differences are equal: then one of eight bytes is enough. Values are ``d`` (eight bytes each),
or ``f`` (four) where nothing is lost by it, as with what was computed in single precision; ``D`` and ``F``
say that a NaN in the column stands for "no number". All is little-endian.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Sequence
from itertools import accumulate, islice
from operator import ne, sub
from typing import Any

from meguru.tracking.series.columns import Columns

_SAME = "="
_WIDTHS = {"b": 1, "h": 2, "i": 4, "q": 8}


def pack(columns: Columns) -> bytes:
    """Return the bytes of points, of which each has a step and a time of its own.

    Raises
    ------
    OverflowError
        If two neighbours are further apart than 2^63.
    """
    steps, times, values = (_steps(columns.steps), _steps(columns.times), _values(columns.values))
    letters = "".join(letter for letter, _ in (steps, times, values))
    return letters.encode() + steps[1] + times[1] + values[1]


def unpack(data: bytes, step: int, at: int, count: int) -> Columns:
    """Return the points of a chunk of so many, which begins at a step and a time."""
    letters, rest = data[:3].decode(), memoryview(data)[3:]
    steps, rest = _unpacked(letters[0], rest, step, count)
    times, rest = _unpacked(letters[1], rest, at, count)
    values: list[float] = _array(letters[2].lower(), rest).tolist()
    if letters[2].islower():
        return Columns(steps, times, values)
    return Columns(steps, times, [None if math.isnan(value) else value for value in values])


def _steps(numbers: Sequence[int]) -> tuple[str, bytes]:
    apart = list(map(sub, islice(numbers, 1, None), numbers))
    least, most = min(apart, default=0), max(apart, default=0)
    if least == most:
        return _SAME, _bytes(array("q", [least]))
    bits = max((~number if number < 0 else number).bit_length() for number in (least, most)) + 1
    letter = next(letter for letter in "bhiq" if bits <= 8 * _WIDTHS[letter] or letter == "q")
    return letter, _bytes(array(letter, apart))


def _values(values: Sequence[float | None]) -> tuple[str, bytes]:
    if some := None in values:
        values = [math.nan if value is None else value for value in values]
    numbers: Any = array("d", values)
    letter = "d" if _lost(numbers) else "f"
    data = _bytes(numbers if letter == "d" else array("f", numbers))
    return letter.upper() if some else letter, data


def _lost(numbers: array[float]) -> bool:
    """Tell whether single precision loses anything; NaN is not looked at."""
    short = array("f", numbers)  # what is too large for it becomes infinite, and differs
    pairs = zip(short, numbers, strict=True)
    # First without a branch a value: NaN differs from itself, and only then each pair is looked at.
    return any(map(ne, short, numbers)) and any(a != b for a, b in pairs if not math.isnan(b))


def _unpacked(letter: str, data: memoryview, first: int, count: int) -> tuple[Sequence[int], memoryview]:
    """Return a column of whole numbers, and the bytes behind it."""
    if letter == _SAME:
        apart = _array("q", data[:8])[0]
        return (range(first, first + apart * count, apart) if apart else [first] * count), data[8:]
    size = _WIDTHS[letter] * (count - 1)
    return list(accumulate(_array(letter, data[:size]), initial=first)), data[size:]


def _array(letter: str, data: memoryview) -> Any:
    numbers: Any = array(letter)
    numbers.frombytes(data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _bytes(numbers: Any) -> bytes:
    if sys.byteorder == "big":
        numbers.byteswap()
    data: bytes = numbers.tobytes()
    return data
