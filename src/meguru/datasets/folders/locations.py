"""Where a folder is: on this machine or in a bucket; it is listed with each file's state, and opened."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

import msgspec

from meguru.datasets.folders.stat_cache import is_settled
from meguru.datasets.folders.walk import FileState, walk
from meguru.errors import Conflict

if TYPE_CHECKING:
    import polars as pl


class OpenedFile(msgspec.Struct, kw_only=True):
    """A file that is being read; `settled` is known at the end: whether its state tells that it changes."""

    file: IO[bytes]
    settled: bool = False


class FolderLocation(Protocol):
    """A folder, here or elsewhere, after it was listed."""

    address: str
    """What tells it from all other folders."""
    executable: set[str]
    left_out: int

    @property
    def seen(self) -> pl.DataFrame:
        """Columns `path` and those of `FileState`, sorted by path."""
        ...

    def open(self, path: str) -> contextlib.AbstractContextManager[OpenedFile]:
        """Open one of its files."""
        ...


class LocalFolder:
    """A folder of this machine."""

    def __init__(self, root: Path, *, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> None:
        root = root.resolve()
        files = walk(root, include=include, exclude=exclude)
        self.address = str(root)
        self.seen = files.frame(root)
        self.executable, self.left_out = files.executable, files.left_out
        self._links = files.links

    @cached_property
    def _states(self) -> dict[str, FileState]:
        return {path: FileState(*state) for path, *state in self.seen.iter_rows()}

    @contextmanager
    def open(self, path: str) -> Iterator[OpenedFile]:
        """Open a file that was listed, and no other that was put in its place meanwhile.

        Raises
        ------
        Conflict
            If it is gone, or is no file any more.
        """
        place = f"{self.address}/{path}"
        if path in self._links:
            place = str(Path(place).resolve())
        begun = time.time_ns()
        try:
            # Neither is a link followed that was put there meanwhile, nor a pipe waited for.
            number = os.open(place, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        except OSError as error:
            raise _changed(path, error) from error
        with os.fdopen(number, "rb") as file:
            if not stat.S_ISREG(os.fstat(number).st_mode):
                raise _changed(path, None)
            opened = OpenedFile(file=file)
            yield opened
            # Asked of the open file, not of the name: another file may have the name by now.
            after = FileState.of(os.fstat(number))
            opened.settled = after == self._states[path] and is_settled(after, begun)


def _changed(path: str, error: OSError | None) -> Conflict:
    why = "it is no file any more"
    if error is not None:
        why = "a link is in its place" if error.errno == errno.ELOOP else error.strerror or str(error)
    return Conflict(f"the file {path!r} can't be read", where=path, why=why, hint="add the folder again")


def open_folder(
    given: str | Path, *, include: Sequence[str] = (), exclude: Sequence[str] = ()
) -> FolderLocation:
    """List the folder that a path or an address means; patterns say which of its files are meant.

    An address is a place in a bucket: ``s3://bucket/photos/``, ``gs://…``, ``az://…``; credentials come from
    the environment.
    """
    if "://" in str(given) and not Path(given).exists():
        from meguru.datasets.folders.bucket import BucketFolder

        return BucketFolder(str(given), include=include, exclude=exclude)
    return LocalFolder(Path(given), include=include, exclude=exclude)
