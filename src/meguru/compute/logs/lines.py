"""From a step's bytes to lines of text that a person can read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from meguru.compute.logs.records import HEAD, HEAD_BYTES, STREAMS

MAX_LINE = 8192
_SLACK = 1024  # read past the cut, so that a secret that stands on it is seen whole
_ODD = re.compile(rb"[^\t\x20-\x7e]")
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\u2028\u2029]")

TimedLine = tuple[int, str, str]
"""Microseconds since 1970, stream, text."""


@dataclass
class _Partial:
    text: bytearray = field(default_factory=bytearray)
    more: int = 0
    kind: str = "out"
    fresh: bool = False


class LineReader:
    r"""Reads a step's file piece by piece; times grow from line to line.

    A progress bar that rewrites its line by carriage returns is the line it ended as. Colours and other
    terminal codes are removed; bytes that are no UTF-8 are shown as ``\xff``; of a very long line the start
    is kept.
    """

    def __init__(self, at: int) -> None:
        self._now, self._last = at, at - 1
        self._kind, self._left = "out", 0
        self._rest = b""
        self._partial = {"out": _Partial(), "err": _Partial()}
        self._found: list[TimedLine] = []

    def feed(self, data: bytes) -> list[TimedLine]:
        """Take in the next bytes; return the lines that they complete."""
        data, self._rest, start = self._rest + data, b"", 0
        while start < len(data):
            if self._left:
                end = min(len(data), start + self._left)
                self._left -= end - start
                self._text(self._kind, data[start:end])
                start = end
                continue
            mark = data.find(b"\x1e", start)
            self._text("out", data[start : mark if mark >= 0 else len(data)])
            if mark < 0:
                break
            found = HEAD.match(data, mark)
            if found is not None:
                self._kind, self._left = STREAMS[found[1]], int(found[3])
                self._now, start = int(found[2]), found.end()
            elif len(data) - mark < HEAD_BYTES:
                self._rest = data[mark:]
                break
            else:
                start = mark + 1
        return self._take()

    def skip(self, count: int, note: str) -> None:
        """Pass over bytes that are not read, and say so in a line of our own."""
        if self._left >= count:
            self._left -= count
            self._partial[_stream(self._kind)].more += count
        else:
            # What follows the gap is a piece of some line, up to its end.
            self._left, self._rest = 0, b""
            self._finish()
        self._last = max(self._last + 1, self._now)
        self._found.append((self._last, "note", note))

    def progress(self) -> list[TimedLine]:
        """Return lines that have not ended as they stand, if they changed since this was asked."""
        for stream, partial in self._partial.items():
            if partial.fresh and partial.text.strip(b"\r "):
                self._add(stream, partial.kind, bytes(partial.text), partial.more)
            partial.fresh = False
        return self._take()

    def end(self) -> list[TimedLine]:
        """Return the lines that had not ended."""
        self._text("out", self._rest)
        self._rest = b""
        self._finish()
        return self._take()

    def _take(self) -> list[TimedLine]:
        found, self._found = self._found, []
        return found

    def _text(self, kind: str, data: bytes) -> None:
        if not data:
            return
        stream = _stream(kind)
        partial = self._partial[stream]
        *whole, last = data.split(b"\n")
        for piece in whole:
            if partial.text or partial.more:
                _append(partial, piece)
                self._add(stream, kind, bytes(partial.text), partial.more)
                self._partial[stream] = partial = _Partial()
            else:
                self._add(stream, kind, piece, 0)
        if last:
            partial.kind, partial.fresh = kind, True
            _append(partial, last)

    def _finish(self) -> None:
        for stream, partial in self._partial.items():
            if partial.text or partial.more:
                self._add(stream, partial.kind, bytes(partial.text), partial.more)
                self._partial[stream] = _Partial()

    def _add(self, stream: str, kind: str, data: bytes, more: int) -> None:
        self._last = max(self._last + 1, self._now)
        if len(data) > MAX_LINE + _SLACK:
            data, more = data[: MAX_LINE + _SLACK], more + len(data) - MAX_LINE - _SLACK
        text = data.decode() if _ODD.search(data) is None else _plain(data)
        if more:
            text += f" … {more:,} bytes more"
        self._found.append((self._last, kind if _stream(kind) == stream else stream, text))


def _append(partial: _Partial, data: bytes) -> None:
    if partial.text.endswith(b"\r") and data.strip(b"\r"):
        partial.text.clear()
        partial.more = 0
    start = data.rstrip(b"\r").rfind(b"\r") + 1
    if start:
        partial.text.clear()
        partial.more, data = 0, data[start:]
    room = max(0, MAX_LINE + _SLACK - len(partial.text))
    partial.text += data[:room]
    partial.more += len(data) - len(data[:room])


def _stream(kind: str) -> str:
    return "out" if kind == "out" else "err"


def _plain(data: bytes) -> str:
    data = data.rstrip(b"\r")
    text = data[data.rfind(b"\r") + 1 :].decode(errors="backslashreplace")
    return _CONTROL.sub("", _ANSI.sub("", text))
