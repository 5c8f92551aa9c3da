"""A lazy scan over the files of a version, without the rows that are deleted (merge on read)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
# A plan of very many files is slow to build; pieces of this size are joined.
_FILES_PER_SCAN = 1000
HIDDEN = "•••"
"""What is shown of a value that may not be seen."""


def scan(blobs: BlobStore, manifest: Manifest) -> pl.LazyFrame:
    """Return the rows of a list of files; those that are deleted are left out."""
    import polars as pl

    # Counting rows through several files is slower than through one: those that lost rows are read alone.
    plans = [_rows(blobs, manifest, files) for files in runs(manifest, apart=True)]
    if not plans:
        return pl.LazyFrame(schema={column.name: _dtype(column) for column in manifest.columns})
    return plans[0] if len(plans) == 1 else pl.concat(plans, how="vertical_relaxed")


def file_scan(blobs: BlobStore, manifest: Manifest, file: DataFile) -> pl.LazyFrame:
    """Return the rows of one file of a version, with the version's columns and types."""
    return _rows(blobs, manifest, [file])


def numbered(
    blobs: BlobStore, manifest: Manifest, files: Sequence[DataFile], names: Sequence[str] | None = None
) -> pl.LazyFrame:
    """Return all rows of a run of files, also deleted ones, with their position in `ROW`.

    Positions (UInt32) are counted from 0, through all files. `names` are the columns that are wanted;
    None: all.
    """
    columns = [column for column in manifest.columns if names is None or column.name in names]
    if format_of(manifest, files[0]) != "parquet":
        return (
            _read(blobs, manifest, files[0])
            .lazy()
            .select(column.name for column in columns)
            .with_row_index(ROW)
        )
    # Positions are counted through all rows, so nothing may be filtered before `ROW` is there.
    plan = _masked(_parquet(blobs, files, ROW), manifest)
    if _is_uniform(manifest, files[0]):
        return plan.select(ROW, *(column.name for column in columns))
    return _conform(plan, columns, ROW)


def runs(manifest: Manifest, *, apart: bool = False) -> Iterator[list[DataFile]]:
    """Return the files of a version in runs of those that are read as one: Parquet of the version's types.

    `apart` leaves files with deleted rows alone.
    """

    def together(file: DataFile) -> bool:
        return _is_uniform(manifest, file) and not (apart and file.deleted)

    for uniform, alike in groupby(manifest.files, together):
        files = list(alike)
        step = _FILES_PER_SCAN if uniform else 1
        for begin in range(0, len(files), step):
            yield files[begin : begin + step]


def format_of(manifest: Manifest, file: DataFile) -> str:
    """Return what a file is: Parquet if it was made from others, or lists files."""
    made = file.source or file.merged or manifest.format == "files"
    return "parquet" if made else manifest.format


def _is_uniform(manifest: Manifest, file: DataFile) -> bool:
    """Tell whether a file has just the version's columns, as Parquet."""
    # A column that holds nothing may have any type in the file: such files are looked at one by one.
    return (
        format_of(manifest, file) == "parquet"
        and file.columns == manifest.columns
        and all(column.type != "Null" for column in manifest.columns)
    )


def _rows(blobs: BlobStore, manifest: Manifest, files: Sequence[DataFile]) -> pl.LazyFrame:
    """Return the rows of a run of files."""
    gone = deleted_positions(blobs, files)
    row = ROW if len(gone) else None
    if format_of(manifest, files[0]) != "parquet":
        plan = _masked(_read(blobs, manifest, files[0]).lazy(), manifest)
        return _drop(plan.with_row_index(ROW), gone) if row else plan
    plan = _masked(_parquet(blobs, files, row), manifest)
    if row:
        plan = _drop(plan, gone)
    if _is_uniform(manifest, files[0]):
        # The files may have more columns, as where the bytes of a folder's files are.
        return plan.select(column.name for column in manifest.columns)
    return _conform(plan, manifest.columns)


def _masked(plan: pl.LazyFrame, manifest: Manifest) -> pl.LazyFrame:
    """Leave nothing of the columns that are hidden but whether there is a value."""
    import polars as pl

    if not manifest.hidden:
        return plan
    there = plan.collect_schema()
    return plan.with_columns(
        pl.when(pl.col(name).is_not_null()).then(pl.lit(HIDDEN)).alias(name)
        for name in manifest.hidden
        if name in there
    )


def _read(blobs: BlobStore, manifest: Manifest, file: DataFile) -> pl.DataFrame:
    """Read a file that is not Parquet, as those of older versions are."""
    from meguru.datasets import reading

    path = blobs.path(file.digest)
    return reading.read(path, manifest.format, file.path, columns=manifest.columns, dialect=file.dialect)


def _parquet(blobs: BlobStore, files: Sequence[DataFile], row: str | None) -> pl.LazyFrame:
    import polars as pl

    paths = [blobs.path(file.digest) for file in files]
    return pl.scan_parquet(paths, row_index_name=row, glob=False, hive_partitioning=False)


def _drop(plan: pl.LazyFrame, gone: np.ndarray[tuple[int], np.dtype[np.uint32]]) -> pl.LazyFrame:
    import polars as pl

    # Merge on read: the vector is small beside the file, and Parquet stays as it was written.
    return plan.filter(~pl.col(ROW).is_in(pl.Series(gone).implode())).drop(ROW)


def deleted_positions(
    blobs: BlobStore, files: Sequence[DataFile]
) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
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
