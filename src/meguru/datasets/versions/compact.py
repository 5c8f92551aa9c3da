"""Compaction: many small files become one, so that a version of a thousand appends is read like any other.

Each file costs a reader a fraction of a millisecond: that is much for a thousand rows, and nothing for a
megabyte. So only small files are put together, when there are many in a row; their rows stay in order, and
what they were made from stays known. It happens in the commit that has one too many of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from meguru.datasets.types import DataFile, DatasetColumn, FileEntry, Manifest
from meguru.datasets.versions.scan import format_of, scan
from meguru.storage.blobs import BlobStore

SMALL_BYTES = 1 << 20
"""Bytes under which a file is small."""
# Size-tiered compaction, as in LSM trees: what is put together and still small joins later ones, so each row
# is written a number of times that grows with the logarithm of the appends. The larger this is, the less is
# rewritten and the more files a reader opens.
MIN_RUN = 64
"""So many small files in a row become one."""


def compact(blobs: BlobStore, manifest: Manifest) -> Manifest:
    """Return a version's list of files with runs of many small ones put together."""
    files: list[DataFile] = []
    for small, alike in groupby(manifest.files, lambda file: _is_small(manifest, file)):
        run = list(alike)
        files += [_merge_files(blobs, manifest, run)] if small and len(run) >= MIN_RUN else run
    return msgspec.structs.replace(manifest, files=files)


def given_files(files: Sequence[DataFile]) -> list[FileEntry]:
    """Return the files that people gave: those that data files were made from, or put together of."""
    found = []
    for file in files:
        if file.merged:
            found += file.merged
        else:
            origin = file.source or file
            found.append(FileEntry(path=origin.path, digest=origin.digest, size=origin.size))
    return found


def _is_small(manifest: Manifest, file: DataFile) -> bool:
    # Files that list others have columns that are none of the version's.
    return file.size < SMALL_BYTES and format_of(manifest, file) == "parquet" and not file.form


def _merge_files(blobs: BlobStore, manifest: Manifest, run: list[DataFile]) -> DataFile:
    # Deleted rows do not come along: this is also what ends deletion vectors of small files.
    rows = scan(blobs, msgspec.structs.replace(manifest, files=run))
    with TemporaryDirectory(prefix="meguru-compact-") as folder:
        path = Path(folder) / "rows.parquet"
        rows.sink_parquet(path, compression="zstd", compression_level=1)
        digest, size = blobs.put_file(path), path.stat().st_size
    return DataFile(
        path=f"together-{digest[:16]}.parquet",
        digest=digest,
        size=size,
        rows=sum(file.live for file in run),
        columns=_columns(manifest, run),
        merged=given_files(run),
    )


def _columns(manifest: Manifest, run: Sequence[DataFile]) -> list[DatasetColumn]:
    """Return the version's columns; those without a value in these files are ``Null`` in them."""
    held = {column.name for file in run for column in file.columns if column.type != "Null"}
    return [
        column if column.name in held else DatasetColumn(name=column.name, type="Null")
        for column in manifest.columns
    ]
