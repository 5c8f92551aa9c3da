"""The opcodes of a pickle, one after the other; large arguments are stepped over, not read."""

from __future__ import annotations

import io
import pickletools
from collections.abc import Iterator
from typing import Any, NamedTuple

from meguru.errors import is_our_fault

SMALL = 4096
"""Bytes of the longest argument that is read; of a longer one only its length is known."""
MAX_OPCODES = 1_000_000
_PREFIX = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}
_PAIRS = {"GLOBAL", "INST"}


_CODES = {op.code: op for op in pickletools.opcodes}


class Unreadable(ValueError):
    """The bytes are no pickle, a broken one, or one that is not written as any library writes them."""


class Large(NamedTuple):
    """An argument that was stepped over."""

    length: int


class Op(NamedTuple):
    """One opcode with its argument; the next one begins at `end`."""

    name: str
    argument: Any
    end: int


class OpcodeReader:
    """Reads opcodes off bytes; `at` can be moved, over what is no opcode.

    Parameters
    ----------
    data
        The whole file, which may be mapped into memory.
    most
        So many opcodes are read, then it is given up.
    """

    def __init__(self, data: Any, most: int = MAX_OPCODES) -> None:
        self.data, self.at, self.left = data, 0, most

    def until_stop(self) -> Iterator[Op]:
        """Yield opcodes to the end of one pickle."""
        while True:
            op = self._next()
            self.at = op.end
            yield op
            if op.name == "STOP":
                return

    def skip(self, count: int) -> bytes:
        """Step over bytes that belong to no opcode; return the first of them."""
        if count < 0 or self.at + count > len(self.data):
            raise Unreadable("it ends in the middle of an array")
        first = bytes(self.data[self.at : self.at + min(count, 1)])
        self.at += count
        return first

    def _next(self) -> Op:
        self.left -= 1
        if self.left < 0:
            raise Unreadable("it has more instructions than are looked at")
        found = _CODES.get(bytes(self.data[self.at : self.at + 1]).decode("latin-1"))
        if found is None:
            raise Unreadable("it ends early, or holds what is no instruction")
        if found.arg is None:
            return Op(found.name, None, self.at + 1)
        length, total = self._length(found)
        start, end = self.at + 1, self.at + 1 + total
        if end > len(self.data):
            raise Unreadable("it ends in the middle of an instruction")
        if length > SMALL:
            return Op(found.name, Large(length), end)
        try:
            return Op(found.name, found.arg.reader(io.BytesIO(bytes(self.data[start:end]))), end)
        except Exception as error:
            if is_our_fault(error):
                raise
            raise Unreadable(f"the argument of an instruction is broken ({error})"[:200]) from error

    def _length(self, op: Any) -> tuple[int, int]:
        """Return how long an argument is, without and with what tells its length."""
        if op.arg.n >= 0:
            return op.arg.n, op.arg.n
        if op.arg.n == pickletools.UP_TO_NEWLINE:
            length = self._lines(2 if op.name in _PAIRS else 1)
            return length, length
        width = _PREFIX[op.arg.n]
        head = bytes(self.data[self.at + 1 : self.at + 1 + width])
        if len(head) < width:
            raise Unreadable("it ends in the middle of an instruction")
        length = int.from_bytes(head, "little")
        return length, width + length

    def _lines(self, count: int) -> int:
        end = self.at + 1
        for _ in range(count):
            while (found := bytes(self.data[end : end + SMALL]).find(b"\n")) < 0:
                end += SMALL
                if end >= len(self.data):
                    raise Unreadable("a line of it has no end")
            end += found + 1
        return end - self.at - 1
