"""The files that a step's process may write, and the one that says how it ended."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import shutil
from pathlib import Path


def limit(largest: int) -> None:
    """Let this process write no file of more bytes; 0 stands for no limit."""
    if largest:
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        most = largest if hard == resource.RLIM_INFINITY else min(largest, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))


def explained(error: BaseException, largest: int) -> str:
    """Return what to say of an error that the limit or a full disk caused; empty for any other."""
    number = error.errno if isinstance(error, OSError) else None
    if largest and (number == errno.EFBIG or "File too large" in str(error)):
        return f"it wrote a file of more than {largest:,} bytes, the limit of MEGURU_MAX_FILE"
    return ""


def write_whole(place: Path, data: bytes) -> None:
    """Write a file whole or not at all, into a folder that may be gone, on a disk that may be full."""
    draft = place.with_name(place.name + ".draft")
    try:
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(data)
    except OSError:
        # What the step left in its folder is of no use any more, and its end must be told.
        for entry in os.scandir(place.parent):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                _empty(Path(entry.path))
        draft.write_bytes(data)
    draft.rename(place)


def _empty(path: Path) -> None:
    """Free the disk behind a file; others may have it open."""
    with contextlib.suppress(OSError):
        if path.stat(follow_symlinks=False).st_nlink == 1 and not path.is_symlink():
            os.truncate(path, 0)
        path.unlink()
