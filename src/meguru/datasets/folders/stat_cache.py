"""Stat cache: digests of files that were read before, so that an unchanged folder costs one stat each.

As in git's index: a file is what it was if its size, its times and its inode are. A file that changed in the
moment in which it was read could change once more in the same tick of the clock and look the same, so the
digest of one that was that young is not kept: it is read again the next time.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from meguru.base import digests
from meguru.base.cache import cache_folder
from meguru.datasets.folders.walk import FileState

if TYPE_CHECKING:
    import polars as pl

TICK_NS = 2_000_000_000
"""The coarsest clock of a file system in use (FAT): two changes within it may have the same time."""
_STATE = list(FileState._fields)


def is_settled(state: FileState, read_at_ns: int) -> bool:
    """Tell whether a file that changes after it was read is bound to look changed."""
    return max(state.mtime_ns, state.ctime_ns) + TICK_NS < read_at_ns


def known_digests(root: str, seen: pl.DataFrame) -> pl.Series:
    """Return the digests of files that are as they were when they were read; null for the others.

    Parameters
    ----------
    root
        The folder's absolute path, or its address.
    seen
        Columns `path`, `size`, `mtime_ns`, `ctime_ns`, `inode`.
    """
    import polars as pl

    kept = _read(root)
    if kept is None:
        return pl.Series("digest", [None] * seen.height, dtype=pl.String)
    return seen.join(kept, on=["path", *_STATE], how="left", maintain_order="left")["digest"]


def keep_digests(root: str, frame: pl.DataFrame) -> None:
    """Keep the digests of a folder's files for the next time; a cache that can't be written is none."""
    place = _place(root)
    with suppress(OSError):
        opened, draft = tempfile.mkstemp(dir=place.parent)
        try:
            with os.fdopen(opened, "wb") as file:
                frame.select("path", *_STATE, "digest").write_ipc(file)
            # No fsync: after a power cut a torn cache is read as damaged, and the files are read again.
            Path(draft).replace(place)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise


def _read(root: str) -> pl.DataFrame | None:
    import polars as pl

    try:
        kept = pl.read_ipc(_place(root).read_bytes())
        wanted = {"path": pl.String, **dict.fromkeys(_STATE, pl.UInt64), "digest": pl.String}
        return kept if kept.schema == wanted and kept["path"].is_unique().all() else None
    except (OSError, pl.exceptions.PolarsError):
        return None  # it is not there, or was damaged: the files are read


def _place(root: str) -> Path:
    return cache_folder("folders") / f"{digests.of_bytes(os.fsencode(root))}.arrow"
