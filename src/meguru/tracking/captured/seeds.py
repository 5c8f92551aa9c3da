"""The state of random numbers at the start: two runs that began alike have the same."""

from __future__ import annotations

import os
import random
import sys

import msgspec

from meguru.base import digests


def seeds() -> dict[str, str]:
    """Return digests of the generators' states, and the seeds that can be read; only of loaded libraries."""
    found = {"random": _digest(random.getstate())}
    if hashing := os.environ.get("PYTHONHASHSEED"):
        found["PYTHONHASHSEED"] = hashing
    numpy = sys.modules.get("numpy.random")
    if numpy is not None and hasattr(numpy, "get_state"):
        _, keys, place, *_ = numpy.get_state()
        found["numpy"] = _digest([keys.tobytes(), place])
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "initial_seed"):
        found["torch"] = str(torch.initial_seed())
    return found


def _digest(state: object) -> str:
    return digests.of_bytes(msgspec.msgpack.encode(state))[:16]
