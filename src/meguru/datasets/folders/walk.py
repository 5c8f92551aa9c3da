"""Walk a folder: each file with the state that changes when somebody changes it, without reading any."""

from __future__ import annotations

import os
import stat
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from meguru.base.paths import MAX_PATH
from meguru.datasets.folders.names import check_distinct, chosen, is_plain, summary_of_refusals, why_refused
from meguru.datasets.folders.types import MAX_FILES
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

LEFT_OUT = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", ".git", "__MACOSX", "@eaDir"})
"""What systems and programs put into folders beside people's files."""


class FileState(NamedTuple):
    """What changes when a file changes: whoever sets its time back can't set back the time of that."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, found: os.stat_result) -> FileState:
        """Return the state that a look at a file found."""
        return cls(found.st_size, max(found.st_mtime_ns, 0), max(found.st_ctime_ns, 0), found.st_ino)


class FoundFiles:
    """Files that were found in a folder, with their states: a hundred thousand in a few arrays."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self._columns = tuple(array("Q") for _ in FileState._fields)
        self.refused: list[tuple[str, str]] = []
        self.executable: set[str] = set()
        self.links: set[str] = set()
        self.left_out = 0

    def add(self, path: str, size: int, mtime_ns: int, ctime_ns: int, inode: int) -> None:
        """Take in a file."""
        sizes, mtimes, ctimes, inodes = self._columns
        self.paths.append(path)
        sizes.append(size)
        mtimes.append(max(mtime_ns, 0))  # before 1970, as archives have it
        ctimes.append(max(ctime_ns, 0))
        inodes.append(inode)

    def frame(self, root: Path | str) -> pl.DataFrame:
        """Return path and state of each file, sorted by path.

        Raises
        ------
        InvalidInput
            If files were refused, none is there, or names are the same to some system.
        """
        import numpy as np
        import polars as pl

        if self.refused:
            hint = "rename them, or leave them out: --exclude 'PATTERN'"
            what = f"{len(self.refused):,} files of {root} can't be kept"
            raise InvalidInput(what, why=summary_of_refusals(sorted(self.refused)), hint=hint, field="files")
        if not self.paths:
            raise InvalidInput(f"there is no file in {root}", field="files")
        check_distinct(self.paths)
        columns = {
            name: np.frombuffer(values, dtype=np.uint64)
            for name, values in zip(FileState._fields, self._columns, strict=True)
        }
        return pl.DataFrame({"path": self.paths, **columns}).sort("path")


def walk(root: Path, *, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> FoundFiles:
    """List the files below a folder, in any order; what can't be kept is among those that are refused.

    Refused are names that not every system can write, links that lead out of the folder or to a folder, and
    what is no file. What systems put into folders is left out, and counted.

    Raises
    ------
    InvalidInput
        If there are too many.
    """
    files = FoundFiles()
    # A stack of its own: folders may be nested deeper than Python recurses.
    waiting = [(str(root), "")]
    while waiting:
        folder, prefix = waiting.pop()
        for entry in _entries(folder, files.refused, prefix):
            path = prefix + entry.name
            if entry.name in LEFT_OUT:
                files.left_out += 1
            elif entry.is_dir(follow_symlinks=False):
                waiting.append((entry.path, path + "/"))
            elif (include or exclude) and not chosen(path, include, exclude):
                files.left_out += 1
            else:
                _take(files, root, entry, path)
        if len(files.paths) > MAX_FILES:
            raise InvalidInput(f"{root} has more than {MAX_FILES:,} files", field="files")
    return files


def _take(found: FoundFiles, root: Path, entry: os.DirEntry[str], path: str) -> None:
    why = "" if is_plain(entry.name) and len(path) <= MAX_PATH else why_refused(path)
    if entry.is_symlink():
        why = why or _why_link_refused(root, entry.path)
        found.links.add(path)
    if why:
        found.refused.append((path, why))
        return
    try:
        seen = entry.stat()
    except OSError as error:  # it went between the listing and this
        found.refused.append((path, error.strerror or str(error)))
        return
    if not stat.S_ISREG(seen.st_mode):
        found.refused.append((path, "it is no file"))
        return
    found.add(path, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino)
    if seen.st_mode & 0o100:
        found.executable.add(path)


def _entries(folder: str, refused: list[tuple[str, str]], prefix: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        refused.append((prefix, error.strerror or str(error)))
        return []


def _why_link_refused(root: Path, place: str) -> str:
    try:
        target = Path(place).resolve(strict=True)
    except (OSError, RuntimeError):
        return "the link leads nowhere"
    if not target.is_relative_to(root):
        return "the link leads out of the folder"
    return "the link leads to a folder" if target.is_dir() else ""
