"""The cache of views' rows: below one folder, by the digest of what they follow from, with LRU eviction."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from meguru.base import digests
from meguru.base.cache import cache_folder
from meguru.features.offline import compute, incremental, row_files
from meguru.features.offline.row_files import COUNT, CachedRows
from meguru.features.types import PinnedView
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl

NAME = "features"
MAX_BYTES = 20 << 30
"""Of all cached rows; what they were made from is kept, so they can be made again."""


def cached_rows(blobs: BlobStore, view: PinnedView, folder: Path | None = None) -> CachedRows:
    """Return the rows of a view over its pinned data; computed, sorted and cached when nobody did so before.

    Raises
    ------
    InvalidInput
        If they can't be computed.
    """
    root = folder or cache_folder(NAME)
    place = _place(view, root)
    known = _opened(place)
    if known is not None:
        return known
    computing = incremental if view.definition.incremental and len(view.datasets) == 1 else compute
    frame = computing.rows_of(blobs, view, root)
    features = compute.features_of(frame, view.definition)
    made = row_files.write_rows(frame, view.definition, features, place)
    prune(root, MAX_BYTES, spare=place)
    return made


def find_cached_rows(view: PinnedView, folder: Path) -> CachedRows | None:
    """Return the rows of a view over its pinned data; None when they are not in the cache."""
    return _opened(_place(view, folder))


def _place(view: PinnedView, root: Path) -> Path:
    return root / "rows" / digests.of_value([row_files.LAYOUT, view.rows_digest])


def _opened(place: Path) -> CachedRows | None:
    """Return rows that are kept; None if there are none, or they were cut short when a machine stopped."""
    if not place.exists():
        return None
    try:
        os.utime(place)  # the folder's mtime is when it was last used, which eviction goes by
        return CachedRows(place)
    except (OSError, msgspec.MsgspecError):  # also what a process left that was ended while it freed them
        shutil.rmtree(place, ignore_errors=True)
        return None


def prune(root: Path, most: int, *, spare: Path | None = None) -> int:
    """Free the least used rows until the rest has `most` bytes; return how many bytes went."""
    found = [used for folder in _folders(root) if (used := _used(folder))]
    total, freed = sum(size for _, size, _ in found), 0
    for _, size, each in sorted(found):
        if total - freed <= most:
            break
        if each != spare:
            # files that a process has mapped stay until it lets them go
            shutil.rmtree(each, ignore_errors=True)
            freed += size
    return freed


def forget(root: Path) -> None:
    """Free all kept rows: what they were made from may have to go (see `meguru erase`)."""
    for folder in _folders(root):
        shutil.rmtree(folder, ignore_errors=True)


def tables(root: Path, column: str) -> Iterator[pl.LazyFrame]:
    """Give the kept rows that have a column, with that one; what can't be read is left out."""
    import polars as pl

    for place in _folders(root):
        with suppress(OSError, msgspec.MsgspecError):
            if (part := place / "part.arrow").exists():
                yield pl.scan_ipc(part)
                continue
            rows = CachedRows(place)
            if column in rows.about.keys:
                yield rows.keys.lazy().select(pl.col(column).repeat_by(COUNT).explode())
            elif column in rows.about.features:
                yield rows.column(column).all().alias(column).to_frame().lazy()


def _folders(root: Path) -> list[Path]:
    place = root / "rows"
    return [each for each in place.iterdir() if each.is_dir()] if place.is_dir() else []


def _used(folder: Path) -> tuple[float, int, Path] | None:
    """Return when a folder was last used, and its bytes; None if another process freed or renamed it."""
    try:
        size = sum(each.stat().st_size for each in folder.iterdir())
        return folder.stat().st_mtime, size, folder
    except FileNotFoundError:
        return None
