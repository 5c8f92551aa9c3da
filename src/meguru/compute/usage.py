"""What a step uses of the machine: seconds of processors, and memory."""

from __future__ import annotations

import msgspec


class StepUsage(msgspec.Struct, frozen=True, kw_only=True):
    """What one attempt used: seconds that passed, seconds of processors, the most bytes of memory at a time.

    `cpu_seconds` is None where nobody could tell any more, `peak_bytes` 0 where steps share a process, and it
    can't be said whose the memory is.
    """

    seconds: float
    cpu_seconds: float | None = None
    peak_bytes: int = 0
