"""The content of files and folders as digests, bounded in time."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from meguru.base import digests
from meguru.compute.reads.types import FileUse

MAX_READ_FILES = 10_000
MAX_LISTED_FILES = 100_000
MAX_READ_BYTES = 1 << 30
"""Bounds of a folder whose files are read, whose files are only looked at, and of the bytes read of it."""
_LARGE = 4 << 20
_SETTLED_NS = 2_000_000_000
"""As git's "racily clean": a file that changed this short ago may change again within one tick of its clock
(FAT has two seconds), so its dates prove nothing yet."""
_PASSED_OVER = {"__pycache__", "node_modules"}


def of_file(path: str, shown: str) -> FileUse | None:
    """Return what is kept of a file as it is now; None if it can't be read."""
    try:
        before = os.stat(path)  # noqa: PTH116 - a path as text
        digest = digests.of_file(Path(path))
    except OSError:
        return None
    return FileUse(path=shown, digest=digest, size=before.st_size, stamp=_stamp(before))


def is_same(path: str, use: FileUse) -> bool:
    """Tell whether a file has the content that was kept of it."""
    try:
        now = os.stat(path)  # noqa: PTH116
        if not stat.S_ISREG(now.st_mode) or now.st_size != use.size:
            return False
        return (use.stamp != [] and _stamp(now) == use.stamp) or digests.of_file(Path(path)) == use.digest
    except OSError:
        return False


def _stamp(found: os.stat_result) -> list[int]:
    """Return what changes with a large file, unless it changed only just now: clocks are coarse.

    The time of the inode (ctime) is among it, which no program can set: a file that is put in place with an
    old date shows. Small files are read in any case.
    """
    if found.st_size < _LARGE or time.time_ns() - found.st_ctime_ns < _SETTLED_NS:
        return []
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev]


def of_tree(path: str, shown: str) -> FileUse:
    """Return what is kept of a folder with all that is below it."""
    files = files_below(path)
    if files is None:
        return FileUse(path=shown, how="tree", why=f"it has more than {MAX_LISTED_FILES:,} files")
    size = sum(found.st_size for _, found in files)
    if len(files) > MAX_READ_FILES or size > MAX_READ_BYTES:
        return FileUse(path=shown, how="dated", digest=_dated(files), size=size)
    try:
        names = [[_spelled(name), digests.of_file(Path(path, name))] for name, _ in files]
    except OSError as error:
        return FileUse(path=shown, how="tree", why=f"it can't be read ({error.strerror})")
    return FileUse(path=shown, how="tree", digest=digests.of_value(names), size=size)


def quick_digest(path: str) -> str:
    """Return a text that changes when a file below a folder does, at a glance."""
    files = files_below(path)
    return "" if files is None else _dated(files)


def files_below(folder: str) -> list[tuple[str, os.stat_result]] | None:
    """Return the regular files below a folder, hidden ones aside, by name; None if they are too many."""
    found: list[tuple[str, os.stat_result]] = []
    for path in _walk(folder):
        try:
            about = os.stat(path)  # noqa: PTH116
        except OSError:
            continue
        if stat.S_ISREG(about.st_mode):
            found.append((os.path.relpath(path, folder), about))
        if len(found) > MAX_LISTED_FILES:
            return None
    return sorted(found, key=lambda one: one[0])


def _walk(folder: str) -> Iterator[str]:
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[:1] != "." and name not in _PASSED_OVER)
        for name in names:
            if name[:1] != ".":
                yield os.path.join(here, name)  # noqa: PTH118


def _dated(files: list[tuple[str, os.stat_result]]) -> str:
    return digests.of_value([[_spelled(name), found.st_size, found.st_mtime_ns] for name, found in files])


def _spelled(name: str) -> str:
    """Return a file's name as text: what is no UTF-8 in it can't be written as JSON."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")
