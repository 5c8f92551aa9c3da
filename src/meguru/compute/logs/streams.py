"""The step's side: standard output, standard error and logging mark what they write."""

from __future__ import annotations

import functools
import io
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from meguru.compute.logs.mask import MAX_MASKED_BYTES, Masker, secrets_of
from meguru.compute.logs.records import head

_LEVELS = ((logging.CRITICAL, b"C"), (logging.ERROR, b"E"), (logging.WARNING, b"W"), (logging.INFO, b"I"))


class _Level(threading.local):
    kind: bytes | None = None


_level = _Level()


class _Marked(io.RawIOBase):
    """Writes to a file descriptor that others may write to as well, a head before each write."""

    def __init__(self, fd: int, kind: bytes) -> None:
        self._fd, self._kind = fd, kind

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._fd

    def write(self, data: Any) -> int:
        """Write all of it, in one go unless the disk is full."""
        given: int = memoryview(data).nbytes
        data = _masker().bytes(bytes(data)) if given <= MAX_MASKED_BYTES else memoryview(data).cast("B")
        size = len(data)
        # Head and data in one system call: several processes append to this file.
        start = head(_level.kind or self._kind, time.time_ns() // 1000, size)
        done = os.writev(self._fd, (start, data)) - len(start)
        while done < size:
            done += os.write(self._fd, data[max(0, done) :])
        return given


@functools.cache
def _masker() -> Masker:
    # When the first line is written: a step that prints nothing need not wait for it.
    return Masker(secrets_of(os.environ))


def install() -> None:
    """Let this process's standard streams mark what they write, without secrets, and logging say its level.

    Logging that nobody set up is shown from INFO on, so that a step's messages are not lost.
    """
    sys.stdout = marked(1, b"o")
    sys.stderr = marked(2, b"e")
    logging.StreamHandler.emit = _levelled(logging.StreamHandler.emit)  # type: ignore[method-assign]
    if logging.lastResort is not None:
        logging.lastResort.setLevel(logging.INFO)
    if not logging.root.handlers and logging.root.level == logging.WARNING:
        logging.root.setLevel(logging.INFO)


def marked(fd: int, kind: bytes) -> io.TextIOWrapper:
    """Return a text stream that marks each line it writes to a file descriptor, which stays open."""
    return io.TextIOWrapper(
        io.BufferedWriter(_Marked(fd, kind)), "utf-8", errors="backslashreplace", line_buffering=True
    )


def _levelled(emit: Callable[..., None]) -> Callable[..., None]:
    def telling(self: Any, record: logging.LogRecord) -> None:
        _level.kind = next((kind for least, kind in _LEVELS if record.levelno >= least), b"D")
        try:
            emit(self, record)
        finally:
            _level.kind = None

    return telling
