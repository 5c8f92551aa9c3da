"""The rows of a version as one plan: Parquet files as they are, without the rows that are deleted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from meguru.datasets.types import DataFile, DatasetColumn, Manifest
from meguru.datasets.versions.deleted import as_array, positions_of
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

ROW = "\0row"
"""The column with the position of a row, while it is needed."""


def scan(blobs: BlobStore, manifest: Manifest) -> pl.LazyFrame:
    """Return the rows of a list of files; those that are deleted are left out."""
    import polars as pl

    plans = [
        plan for _, alike in groupby(manifest.files, _shape) for plan in _plans(blobs, manifest, list(alike))
    ]
    if not plans:
        return pl.LazyFrame(schema={column.name: _dtype(column) for column in manifest.columns})
    return plans[0] if len(plans) == 1 else pl.concat(plans, how="vertical_relaxed")


def file_scan(blobs: BlobStore, manifest: Manifest, file: DataFile) -> pl.LazyFrame:
    """Return the rows of one file of a version, with the version's columns and types."""
    return _plans(blobs, manifest, [file])[0]


def numbered(blobs: BlobStore, manifest: Manifest, file: DataFile) -> pl.LazyFrame:
    """Return all rows of a file, also deleted ones, with their position in `ROW` (UInt32, from 0)."""
    if format_of(manifest, file) != "parquet":
        return _read(blobs, manifest, file).lazy().with_row_index(ROW)
    return _conform(_parquet(blobs, [file], ROW), manifest.columns, ROW)


def format_of(manifest: Manifest, file: DataFile) -> str:
    """Return what a file is: Parquet if it was made from another one, or lists files."""
    return "parquet" if file.source or manifest.format == "files" else manifest.format


def _shape(file: DataFile) -> object:
    """Return what is the same for files that are read together."""
    return (bool(file.source), file.dialect is None, [(each.name, each.type) for each in file.columns])


def _plans(blobs: BlobStore, manifest: Manifest, files: list[DataFile]) -> list[pl.LazyFrame]:
    """Return the rows of files of one shape."""
    if format_of(manifest, files[0]) != "parquet":
        return [_without(_read(blobs, manifest, file).lazy(), blobs, [file]) for file in files]
    # A column that holds nothing may have any type in the file: such files are looked at one by one.
    if files[0].columns == manifest.columns and all(each.type != "Null" for each in manifest.columns):
        # The files may have more columns, as where the bytes of a folder's files are.
        return [_parquet_without(blobs, files).select(each.name for each in manifest.columns)]
    return [_conform(_parquet_without(blobs, [file]), manifest.columns) for file in files]


def _read(blobs: BlobStore, manifest: Manifest, file: DataFile) -> pl.DataFrame:
    """Read a file that is not Parquet, as those of older versions are."""
    from meguru.datasets import reading

    path = blobs.path(file.digest)
    return reading.read(path, manifest.format, file.path, columns=manifest.columns, dialect=file.dialect)


def _parquet(blobs: BlobStore, files: Sequence[DataFile], row: str | None) -> pl.LazyFrame:
    import polars as pl

    paths = [blobs.path(file.digest) for file in files]
    return pl.scan_parquet(paths, row_index_name=row, glob=False, hive_partitioning=False)


def _parquet_without(blobs: BlobStore, files: Sequence[DataFile]) -> pl.LazyFrame:
    gone = gone_from(blobs, files)
    if not len(gone):
        return _parquet(blobs, files, None)
    return _drop(_parquet(blobs, files, ROW), gone)


def _without(plan: pl.LazyFrame, blobs: BlobStore, files: Sequence[DataFile]) -> pl.LazyFrame:
    gone = gone_from(blobs, files)
    return _drop(plan.with_row_index(ROW), gone) if len(gone) else plan


def _drop(plan: pl.LazyFrame, gone: np.ndarray[tuple[int], np.dtype[np.uint32]]) -> pl.LazyFrame:
    import polars as pl

    return plan.filter(~pl.col(ROW).is_in(pl.Series(gone).implode())).drop(ROW)


def gone_from(blobs: BlobStore, files: Sequence[DataFile]) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    """Return the positions of deleted rows, counted through all files, ascending."""
    import numpy as np

    found, before = [np.empty(0, np.uint32)], 0
    for file in files:
        if file.deleted:
            found.append(as_array(positions_of(blobs, file.deleted)) + np.uint32(before))
        before += file.rows
    return np.concatenate(found)


def _conform(plan: pl.LazyFrame, columns: Sequence[DatasetColumn], *more: str) -> pl.LazyFrame:
    """Give a plan the columns and types of a version, and `more` as they are."""
    from meguru.datasets import reading

    return plan.select(*reading.conforming(plan.collect_schema(), columns), *more)


def _dtype(column: DatasetColumn) -> pl.DataType:
    import polars as pl

    from meguru.datasets.polars_types import TYPES

    found: pl.DataType = TYPES.get(column.type, pl.Null())
    return found
