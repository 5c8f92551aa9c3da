"""Models that are loaded to be looked at, a few at a time: they share the memory with those that answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from meguru.errors import Busy

MAX_LOADING, WAIT_SECONDS = 2, 60.0
"""So many turns there are at a time in a process, and so long another one is waited for."""
# Not one lock a model: what has to be bounded is the memory of all that are loaded at once.
_turns = BoundedSemaphore(MAX_LOADING)


@contextmanager
def loading_turn() -> Iterator[None]:
    """Wait for a turn to load models.

    Raises
    ------
    Busy
        When there is none within a minute.
    """
    if not _turns.acquire(timeout=WAIT_SECONDS):
        raise Busy("too many models are being verified", hint="try again in a minute")
    try:
        yield
    finally:
        _turns.release()
