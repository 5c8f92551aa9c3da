"""A file that checkpoints are appended to: on another disk, or one that only grows (``chattr +a``)."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from meguru.base.settings import Settings
from meguru.errors import Conflict, InvalidInput


class FilePlace:
    """Appends, and waits for the disk."""

    def __init__(self, text: str, settings: Settings, field: str) -> None:
        del settings
        self._path = Path(text.removeprefix("file:").replace("///", "/", 1))
        if not self._path.is_absolute() or "\0" in text:
            raise InvalidInput("a file is named by its whole path", field=field, hint="file:/srv/vault/log")

    def write(self, notes: list[tuple[int, str]]) -> None:
        """Append what is not there yet; a note that was cut short by a kill is completed."""
        wanted = "".join(f"{note}\n" for _, note in notes).encode()
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        # O_APPEND: the file may be one that only grows. O_NOFOLLOW, O_NONBLOCK: a link or a FIFO may stand
        # there.
        is_new = not self._path.exists()
        file = os.open(self._path, flags, 0o644)
        try:
            # Not waited for: whoever holds it may not let go for long, and there are other places.
            # The writer comes again.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            size = os.fstat(file).st_size
            # Only the end is read, as long as what is to be written: a file of years is not.
            tail = os.pread(file, len(wanted) + 2, max(0, size - len(wanted) - 2))
            rest = wanted[_overlap(tail, wanted) :]
            # What is no whole note at its end, and not the beginning of ours, is somebody else's.
            if size and len(rest) == len(wanted) and not tail.endswith(b"\n\n"):
                raise Conflict("the file holds something else than checkpoints", where=str(self._path))
            while rest:
                rest = rest[os.write(file, rest) :]
            os.fsync(file)
        finally:
            os.close(file)
        # A name is in its folder: without this a power cut could leave the bytes and lose the file.
        if is_new:
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def _overlap(tail: bytes, wanted: bytes) -> int:
    """Return how much of the beginning of what is wanted stands at the end of the file."""
    longest = min(len(tail), len(wanted))
    return next((size for size in range(longest, 0, -1) if tail.endswith(wanted[:size])), 0)
