"""What is in a folder: each file with what changes when somebody changes it, without reading any."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from meguru.datasets.folders.names import check_distinct, chosen, shown, why_refused
from meguru.datasets.folders.types import MOST_FILES
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
        return cls(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


class WalkedFolder(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a folder, sorted by path; `links` are those that lead to another file of the folder."""

    root: Path
    paths: list[str]
    states: list[FileState]
    executable: set[str]
    links: set[str]
    left_out: int

    def frame(self) -> pl.DataFrame:
        """Return path and state of each file, as a frame."""
        import polars as pl

        size, mtime, ctime, inode = zip(*self.states, strict=True) if self.states else ([], [], [], [])
        return pl.DataFrame(
            {"path": self.paths, "size": size, "mtime_ns": mtime, "ctime_ns": ctime, "inode": inode},
            schema={"path": pl.String} | dict.fromkeys(FileState._fields, pl.UInt64),
        )


def walk(root: Path, *, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> WalkedFolder:
    """List the files below a folder.

    Raises
    ------
    InvalidInput
        If a name can't be kept, a link leads out of the folder or to a folder, something is no file, or
        nothing is there; what is refused is named, and nothing is left out silently.
    """
    root = root.resolve()
    found: dict[str, FileState] = {}
    executable, links, refused, left_out = set[str](), set[str](), list[tuple[str, str]](), 0
    waiting = [(str(root), "")]
    while waiting:
        folder, prefix = waiting.pop()
        for entry in _entries(folder, refused, prefix):
            path = prefix + entry.name
            if entry.name in LEFT_OUT:
                left_out += 1
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append((entry.path, path + "/"))
                continue
            if (include or exclude) and not chosen(path, include, exclude):
                left_out += 1
                continue
            why = why_refused(path) or (_why_no_link(root, entry.path) if entry.is_symlink() else "")
            if why:
                refused.append((path, why))
                continue
            seen = entry.stat()
            if not stat.S_ISREG(seen.st_mode):
                refused.append((path, "it is no file"))
                continue
            found[path] = FileState.of(seen)
            if seen.st_mode & 0o100:
                executable.add(path)
            if entry.is_symlink():
                links.add(path)
        if len(found) > MOST_FILES:
            raise InvalidInput(f"{root} has more than {MOST_FILES:,} files", field="files")
    return checked(root, found, refused, executable=executable, links=links, left_out=left_out)


def checked(
    root: Path | str,
    found: dict[str, FileState],
    refused: list[tuple[str, str]],
    *,
    executable: set[str] | None = None,
    links: set[str] | None = None,
    left_out: int = 0,
) -> WalkedFolder:
    """Return what was found, sorted; refuse it if anything was refused, or nothing is there."""
    _check(root, found, refused)
    paths = sorted(found)
    return WalkedFolder(
        root=Path(root),
        paths=paths,
        states=[found[path] for path in paths],
        executable=executable or set(),
        links=links or set(),
        left_out=left_out,
    )


def _entries(folder: str, refused: list[tuple[str, str]], prefix: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        refused.append((prefix, error.strerror or str(error)))
        return []


def _why_no_link(root: Path, place: str) -> str:
    try:
        target = Path(place).resolve(strict=True)
    except (OSError, RuntimeError):
        return "the link leads nowhere"
    if not target.is_relative_to(root):
        return "the link leads out of the folder"
    return "the link leads to a folder" if target.is_dir() else ""


def _check(root: Path | str, found: dict[str, FileState], refused: list[tuple[str, str]]) -> None:
    if refused:
        hint = "rename them, or leave them out: --exclude 'PATTERN'"
        what = f"{len(refused):,} files of {root} can't be kept"
        raise InvalidInput(what, why=shown(refused), hint=hint, field="files")
    if not found:
        raise InvalidInput(f"there is no file in {root}", field="files")
    check_distinct(list(found))
