"""Sync: make the rows of a version those of a whole new export, by the key, and write only the difference.

The result has just the rows that were given, as ``mode="replace"`` would have; rows that stay are where they
were, and those that changed come last.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import polars as pl

from meguru.datasets import reading
from meguru.datasets.types import DataFile, Manifest
from meguru.datasets.versions.compare import changed_pairs, match
from meguru.datasets.versions.deleted import as_array, positions_of
from meguru.datasets.versions.feed import RowFeed
from meguru.datasets.versions.positions import mark_deleted
from meguru.datasets.versions.scan import ROW, scan
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    from meguru.datasets.versions.positions import Marks

MAX_CHANGED_SHARE = 0.5
"""If more of the rows differ than this share of them, they are written as a whole."""


def synced(blobs: BlobStore, old: Manifest, given: Manifest) -> list[DataFile] | None:
    """Return the files of the version that has the rows given; None if little stays as it is.

    Parameters
    ----------
    blobs
        Where the files are.
    old, given
        The version before, and what came, with the same columns and key.
    """
    feed = RowFeed(scan(blobs, old), scan(blobs, given))
    keys = [each.select(old.key).collect(engine="streaming") for each in feed]
    # Matching by a key needs one row a key on both sides.
    if any(each.n_unique() < each.height for each in keys):
        return None  # an older version, whose key did not hold yet
    matched = match(keys[0], keys[1])
    rest = [column.name for column in old.columns if column.name not in old.key]
    moved = changed_pairs(feed, matched, rest, keys[0].height).arg_true()
    gone = _unmatched_and_changed(matched.gone, moved, matched.old)
    come = _unmatched_and_changed(matched.come, moved, matched.new)
    # Deletion vectors over most rows cost every reader more than new files cost the writer.
    if come.len() > MAX_CHANGED_SHARE * keys[1].height:
        return None
    files = mark_deleted(blobs, old, _marks(blobs, old, gone))
    return [*files, _write_rows(blobs, feed.after, come)] if come.len() else files


def _unmatched_and_changed(alone: pl.Series, moved: pl.Series, places: pl.Series | None) -> pl.Series:
    """Return the rows of a side that have no like, and those that changed."""
    also = moved if places is None else places.gather(moved)
    return pl.concat([alone.cast(pl.UInt32), also.cast(pl.UInt32)])


def _marks(blobs: BlobStore, manifest: Manifest, gone: pl.Series) -> Marks:
    """Return where in their files the rows are that are counted through all that are not deleted."""
    from pyroaring import BitMap64

    marks: Marks = {}
    rows, begin = np.sort(gone.to_numpy()), 0
    for number, file in enumerate(manifest.files):
        first, last = np.searchsorted(rows, [begin, begin + file.live])
        if last > first:
            live = np.ones(file.rows, dtype=bool)
            live[as_array(positions_of(blobs, file.deleted))] = False
            places = np.flatnonzero(live)[rows[first:last] - begin]
            marks[number] = BitMap64(places.astype(np.uint64))
        begin += file.live
    return marks


def _write_rows(blobs: BlobStore, rows: pl.LazyFrame, positions: pl.Series) -> DataFile:
    wanted = pl.LazyFrame({ROW: positions})
    chosen = rows.with_row_index(ROW).join(wanted, on=ROW, how="semi", maintain_order="left").drop(ROW)
    with TemporaryDirectory(prefix="meguru-sync-") as folder:
        path = Path(folder) / "rows.parquet"
        chosen.sink_parquet(path, compression="zstd", compression_level=1)
        # Read back from what was written: a column without any value is `Null` in the schema, whatever its
        # type.
        made = pl.scan_parquet(path)
        nulls = made.null_count().collect().row(0, named=True)
        columns = reading.schema_of(made.head(0).collect())
        columns = [
            msgspec.structs.replace(column, type="Null") if nulls[column.name] == positions.len() else column
            for column in columns
        ]
        digest, size = blobs.put_file(path), path.stat().st_size
    return DataFile(
        path=f"sync-{digest[:16]}.parquet", digest=digest, size=size, rows=positions.len(), columns=columns
    )
