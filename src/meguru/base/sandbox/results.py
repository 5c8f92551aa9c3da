"""Read what a confined process left: whatever it is, it must neither hang nor fill who reads it."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def left_bytes(path: Path, most: int) -> bytes | None:
    """Return the content of a plain file of at most so many bytes; None if it is anything else.

    Foreign code can leave a named pipe, whose reader waits for ever, a device without an end, or a link to a
    file of ours. So the name is opened without following or waiting, and judged by what was opened.
    """
    try:
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    try:
        found = os.fstat(number)
        if not stat.S_ISREG(found.st_mode) or found.st_size > most:
            return None
        with os.fdopen(number, "rb", closefd=False) as file:
            return file.read(most)
    finally:
        os.close(number)
