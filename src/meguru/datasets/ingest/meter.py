"""Progress of reading files."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

EVERY = 0.1
"""So many seconds lie between two reports."""


@dataclass(slots=True)
class Meter:
    """Counts what was read of a file, and tells it a few times a second.

    Parameters
    ----------
    tell
        Is called with the file's name, the bytes that were read of it, all its bytes, and the rows found.
    """

    tell: Callable[[str, int, int, int], None]
    name: str = ""
    total: int = 0
    done: int = 0
    rows: int = 0
    _told: float = field(default=0.0)

    def begin(self, name: str, total: int) -> None:
        """Begin with a file, or with the same once more."""
        self.name, self.total, self.done, self.rows, self._told = name, total, 0, 0, 0.0

    def at(self, done: int, rows: int | None = None) -> None:
        """Say how far it is."""
        self.done = done
        if rows is not None:
            self.rows = rows
        now = time.monotonic()
        # Throttled: reports are drawn or sent, and reading is not to wait for them.
        if now - self._told >= EVERY or self.done >= self.total:
            self._told = now
            self.tell(self.name, self.done, self.total, self.rows)
