"""A strict reader of the UBJSON that XGBoost writes; typed arrays become NumPy arrays.

It exists to look at a model before XGBoost's own parser does: nothing is allocated that the file does not
itself fill, and depth and the number of values are bounded.

References
----------
.. [1] Universal Binary JSON specification, draft 12. https://ubjson.org
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

MAX_DEPTH = 32
MAX_VALUES = 20_000_000
_ARRAYS = {b"U": ">u1", b"i": ">i1", b"I": ">i2", b"l": ">i4", b"L": ">i8", b"d": ">f4", b"D": ">f8"}
_SCALARS = {
    b"U": struct.Struct(">B"),
    b"i": struct.Struct(">b"),
    b"I": struct.Struct(">h"),
    b"l": struct.Struct(">i"),
    b"L": struct.Struct(">q"),
    b"d": struct.Struct(">f"),
    b"D": struct.Struct(">d"),
}
_WORDS = {b"T": True, b"F": False, b"Z": None}


def loads(data: bytes) -> Any:
    """Read a whole file.

    Raises
    ------
    ValueError
        When it is no such file, ends too early or too late, has a key twice, or is nested too deep.
    """
    reader = _Reader(data)
    try:
        value = reader.value(reader.take(1), 0)
    except struct.error as error:
        raise ValueError("the file ends too early") from error
    if reader.at != len(data):
        raise ValueError("something follows the model in its file")
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.left = data, 0, MAX_VALUES

    def take(self, count: int) -> bytes:
        if count < 0 or count > len(self.data) - self.at:
            raise ValueError("the file ends too early")
        start, self.at = self.at, self.at + count
        return self.data[start : self.at]

    def value(self, mark: bytes, depth: int) -> Any:
        self.left -= 1
        if depth > MAX_DEPTH or self.left < 0:
            raise ValueError("the file is nested too deep, or holds too many values")
        if mark == b"{":
            return self._object(depth)
        if mark == b"[":
            return self._array(depth)
        if mark == b"S":
            return self._text()
        if mark in _WORDS:
            return _WORDS[mark]
        return self._scalar(mark)

    def _scalar(self, mark: bytes) -> Any:
        kind = _SCALARS.get(mark)
        if kind is None:
            raise ValueError(f"a value of the unknown type {mark!r}")
        (value,) = kind.unpack_from(self.data, self.at)
        self.at += kind.size
        return value

    def _count(self) -> int:
        count = self._scalar(self.take(1))
        if not isinstance(count, int) or count < 0:
            raise ValueError("a length that is no number of things")
        return count

    def _text(self) -> str:
        return self.take(self._count()).decode("utf-8")

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while (mark := self.take(1)) != b"}":
            self.at -= mark != b"S"  # a key stands with or without the mark of a text
            key = self._text()
            if key in found:
                raise ValueError(f"the key {key[:40]!r} stands twice")
            found[key] = self.value(self.take(1), depth + 1)
        return found

    def _array(self, depth: int) -> Any:
        mark = self.take(1)
        if mark == b"$":
            return self._typed()
        if mark == b"#":
            return [self.value(self.take(1), depth + 1) for _ in range(self._count())]
        found = []
        while mark != b"]":
            found.append(self.value(mark, depth + 1))
            mark = self.take(1)
        return found

    def _typed(self) -> np.ndarray[Any, Any]:
        kind, hash_ = self.take(1), self.take(1)
        if kind not in _ARRAYS or hash_ != b"#":
            raise ValueError("an array of an unknown type")
        dtype = np.dtype(_ARRAYS[kind])
        # A view of the file's own bytes: a count that the file does not fill fails before anything is
        # allocated.
        return np.frombuffer(self.take(self._count() * dtype.itemsize), dtype=dtype)
