"""How a step's file says which stream wrote what, and when: a short head before each write.

What a program writes past Python's streams (a C library, a child process) has no head; it is read as it is.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

HEAD = re.compile(rb"\x1e([oeDIWEC])(\d{16});(\d{1,12})\x1f")
HEAD_BYTES = 32
"""No head is longer."""
STREAMS = {
    b"o": "out",
    b"e": "err",
    b"D": "debug",
    b"I": "info",
    b"W": "warning",
    b"E": "error",
    b"C": "critical",
}


def head(kind: bytes, at: int, size: int) -> bytes:
    """Return the head of a write of `size` bytes at `at`, in microseconds since 1970."""
    return b"\x1e%c%016d;%d\x1f" % (kind, at, size)


def moment(at: int) -> datetime:
    """Return microseconds since 1970 as a moment; one that no calendar has is its first."""
    try:
        return datetime.fromtimestamp(at // 1_000_000, UTC).replace(microsecond=at % 1_000_000)
    except (OverflowError, ValueError, OSError):
        return datetime(1970, 1, 1, tzinfo=UTC)
