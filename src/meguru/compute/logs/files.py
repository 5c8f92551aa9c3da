"""A step's file: read as it grows, and once more at the end."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

from meguru.compute.logs.lines import LineReader, TimedLine

FIRST_BYTES = 1 << 20
LAST_BYTES = 9 << 20
LIVE_BYTES = 256 << 10
_PUNCH = 3  # FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE


class GrowingLog:
    """What a step has printed since the last look, at most 256 KiB of it: the rest is passed over."""

    def __init__(self, path: Path, at: int) -> None:
        self.path = path
        self._lines, self._place = LineReader(at), 0

    def look(self, *, progress: bool = False) -> list[TimedLine]:
        """Return the lines that are new; with `progress` also those that have not ended."""
        size = _size(self.path)
        if size - self._place > LIVE_BYTES:
            passed = size - LIVE_BYTES - self._place
            self._lines.skip(passed, f"… {passed:,} bytes are not shown while the step runs")
            self._place = size - LIVE_BYTES
        data = _read(self.path, self._place, size - self._place)
        self._place += len(data)
        found = self._lines.feed(data)
        if progress and not found:
            found += self._lines.progress()
        if size > FIRST_BYTES + 2 * LAST_BYTES:
            _give_back(self.path, FIRST_BYTES, size - LAST_BYTES)
        return found


def read_ended(path: Path, at: int) -> tuple[list[TimedLine], int]:
    """Return the first and the last lines of an ended step, and how many bytes between are not kept."""
    size, lines = _size(path), LineReader(at)
    if size <= FIRST_BYTES + LAST_BYTES:
        return lines.feed(_read(path, 0, size)) + lines.end(), 0
    found = lines.feed(_read(path, 0, FIRST_BYTES))
    dropped = size - FIRST_BYTES - LAST_BYTES
    lines.skip(dropped, f"… {dropped:,} bytes are not kept")
    return found + lines.feed(_read(path, size - LAST_BYTES, LAST_BYTES)) + lines.end(), dropped


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _read(path: Path, start: int, count: int) -> bytes:
    if count <= 0:
        return b""
    try:
        with path.open("rb") as file:
            file.seek(start)
            return file.read(count)
    except OSError:
        return b""


def _give_back(path: Path, start: int, end: int) -> None:
    """Free the disk behind bytes that nobody will read, where the system can."""
    if sys.platform != "linux":
        return
    try:
        fd = os.open(path, os.O_WRONLY)
    except OSError:
        return
    try:
        call = getattr(ctypes.CDLL(None, use_errno=True), "fallocate64", None)
        if call is not None:
            call(fd, _PUNCH, ctypes.c_int64(start), ctypes.c_int64(end - start))
    finally:
        os.close(fd)
