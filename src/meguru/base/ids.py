"""Ids that sort by the time they were made."""

from __future__ import annotations

import os
import threading
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_SHIFTS = range(120, -10, -10)
_lock = threading.Lock()
_last = 0


def new_id(prefix: str) -> str:
    """Return a new id such as ``run-01k9...``: 48 bits of milliseconds, 80 random bits, base 32.

    Ids made by one process sort in the order they were made, even within a millisecond.
    """
    global _last  # noqa: PLW0603 - one monotonic sequence a process is the point
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    # As a ULID, and monotonic: within a millisecond, or after a clock was set back, the next is one more than
    # the last. Keyset pages and "newest first" go by ids.
    with _lock:
        value = max(value, _last + 1)
        _last = value
    return f"{prefix}-{_base32(value)}"


def _base32(value: int) -> str:
    """Write a number of up to 130 bits in 26 letters; each event has an id, so two letters at a time."""
    return "".join([_PAIRS[value >> shift & 1023] for shift in _SHIFTS])
