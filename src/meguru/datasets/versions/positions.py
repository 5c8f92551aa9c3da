"""Find rows by key or condition, and mark them in deletion vectors, reading only the columns concerned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from meguru.datasets.folders.index import counted
from meguru.datasets.types import DataFile, Manifest
from meguru.datasets.versions.deleted import encode, positions_of
from meguru.datasets.versions.scan import ROW, numbered, runs
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl
    from pyroaring import BitMap64

    Marks = dict[int, BitMap64]
    """Positions of rows by the number of the file that they are in, of files that have any."""
_ORDERED = frozenset({"Int64", "UInt64", "Int32", "Date", "Datetime", "Datetime[UTC]", "String"})


def rows_with_keys(blobs: BlobStore, manifest: Manifest, keys: pl.DataFrame) -> Marks:
    """Return where the rows are whose key is one of some; a missing value and NaN are keys like others.

    Parameters
    ----------
    blobs, manifest
        The version.
    keys
        A frame with the columns of the key, in the types that the version has.
    """
    import polars as pl

    names = keys.columns
    # Bounds of the keys let Parquet skip row groups by their statistics. Only for types that Parquet and
    # Polars order alike; of floats, NaN stands outside of every order.
    ordered = {each.name for each in manifest.columns if each.type in _ORDERED}
    bounds = [
        pl.col(name).is_between(pl.lit(keys[name].min()), pl.lit(keys[name].max()))
        for name in names
        if name in ordered and keys.height and not keys[name].null_count()
    ]
    return _search(
        blobs,
        manifest,
        names,
        lambda plan: plan.filter(*bounds).join(keys.lazy(), on=names, how="semi", nulls_equal=True),
    )


def rows_matching(blobs: BlobStore, manifest: Manifest, condition: pl.Expr) -> Marks:
    """Return where the rows are for which a condition is true."""
    return _search(blobs, manifest, condition.meta.root_names(), lambda plan: plan.filter(condition))


def mark_deleted(blobs: BlobStore, manifest: Manifest, marks: Marks) -> list[DataFile]:
    """Return the files of a version with more rows deleted; a file without any row left is in it no more."""
    files = []
    for number, file in enumerate(manifest.files):
        if number not in marks:
            files.append(file)
            continue
        gone = positions_of(blobs, file.deleted) | marks[number]
        if len(gone) == file.deleted_rows:
            files.append(file)
        # A file of which nothing is left needs no vector: it is left out, and freed with its version.
        elif len(gone) < file.rows:
            named = blobs.put_bytes(encode(gone))
            files.append(msgspec.structs.replace(file, deleted=named, deleted_rows=len(gone)))
    return files


def delete_rows_at(blobs: BlobStore, manifest: Manifest, marks: Marks) -> Manifest:
    """Return a version's list of files with more rows deleted; itself if none of them was left."""
    files = mark_deleted(blobs, manifest, marks)
    if files == manifest.files:
        return manifest
    return counted(blobs, msgspec.structs.replace(manifest, files=files))


def _search(
    blobs: BlobStore, manifest: Manifest, names: Sequence[str], narrow: Callable[[pl.LazyFrame], pl.LazyFrame]
) -> Marks:
    import numpy as np
    from pyroaring import BitMap64

    marks: Marks = {}
    first = 0
    for files in runs(manifest):
        plan = narrow(numbered(blobs, manifest, files, names)).select(ROW)
        # The streaming engine and the join give rows in any order; they are cut back into files by position.
        rows = np.sort(plan.collect(engine="streaming")[ROW].to_numpy())
        ends = np.cumsum([file.rows for file in files])
        cuts = np.searchsorted(rows, ends)
        begin = row = 0
        for number, (end, cut) in enumerate(zip(ends, cuts, strict=True), start=first):
            if cut > begin:
                marks[number] = BitMap64((rows[begin:cut] - row).astype(np.uint64))
            begin, row = int(cut), int(end)
        first += len(files)
    return marks
