"""Rewrite files without the rows of one person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec

from meguru.artifacts.erasure import ErasureSubject
from meguru.datasets.manifest import load_manifest
from meguru.datasets.types import DataFile, DatasetVersion, FileOrigin, Manifest
from meguru.datasets.versions.scan import file_scan, format_of
from meguru.errors import DigestMismatch, NotFound
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl

_FileState = tuple[str, str]


class FileRewriter:
    """Looks for a person in files, and writes those anew that have rows of them; each once."""

    def __init__(self, blobs: BlobStore, subject: ErasureSubject) -> None:
        self._blobs, self._subject = blobs, subject
        self._found: dict[str, int] = {}
        self._made: dict[_FileState, DataFile | None] = {}

    def found(self, manifest: Manifest, file: DataFile) -> int:
        """Return how many rows of the person are in a file, also among those that were deleted from it."""
        if not self._subject.is_in(column.name for column in file.columns):
            return 0
        # By the digest alone: many versions have the same file, and each is read once.
        if file.digest not in self._found:
            try:
                self._found[file.digest] = self._subject.count(all_rows(self._blobs, manifest, file))
            except (NotFound, DigestMismatch):  # meguru doctor tells; nobody else has to wait for its repair
                self._subject.places.passed("files of datasets that are lost or damaged")
                self._found[file.digest] = 0
        return self._found[file.digest]

    def without(self, manifest: Manifest, file: DataFile) -> DataFile | None:
        """Return a file without these rows, and without those that were deleted; None if none is left."""
        state = (file.digest, file.deleted)
        if state not in self._made:
            self._made[state] = self._written(manifest, file)
        data_file = self._made[state]
        return data_file and msgspec.structs.replace(data_file, path=file.path)

    def _written(self, manifest: Manifest, file: DataFile) -> DataFile | None:
        import polars as pl

        rows = _rows(self._blobs, manifest, file)
        rows = rows.filter(~self._subject.rows(rows.collect_schema()))
        with TemporaryDirectory(prefix="meguru-erase-") as folder:
            path = Path(folder) / "rows.parquet"
            rows.sink_parquet(path, compression="zstd", compression_level=1)
            # Counted in the file: filter and sink are one streaming plan, which tells no count.
            count = int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())
            digest, size = self._blobs.put_file(path), path.stat().st_size
        if not count:
            return None
        return msgspec.structs.replace(
            file,
            digest=digest,
            size=size,
            rows=count,
            deleted="",
            deleted_rows=0,
            dialect=None,
            source=file.source if format_of(manifest, file) == "parquet" else _origin(manifest, file),
        )


def all_rows(blobs: BlobStore, manifest: Manifest, file: DataFile) -> pl.LazyFrame:
    """Return the rows of a file, also those that were deleted from it."""
    return _rows(blobs, manifest, msgspec.structs.replace(file, deleted="", deleted_rows=0))


def present_rows(blobs: BlobStore, manifest: Manifest, files: Iterable[DataFile]) -> Iterator[pl.LazyFrame]:
    """Yield the rows of each file, also deleted ones; lost and damaged files are left out."""
    for file in files:
        try:
            rows = all_rows(blobs, manifest, file)
        except (NotFound, DigestMismatch):
            # A person's right to be erased must not wait until somebody repairs a disk.
            continue
        yield rows


def rows_with_column(
    blobs: BlobStore, versions: Iterable[DatasetVersion], column: str
) -> Iterator[pl.LazyFrame]:
    """Yield the rows of every file of some versions that has a column, each file once; see `present_rows`."""
    looked: set[str] = set()
    for version in versions:
        if version.remote_environment or all(
            dataset_column.name != column for dataset_column in version.columns
        ):
            continue
        try:
            manifest = load_manifest(blobs, version)
        except (NotFound, DigestMismatch):
            continue
        new = {
            file.digest: file
            for file in manifest.files
            if file.digest not in looked
            and any(dataset_column.name == column for dataset_column in file.columns)
        }
        looked |= new.keys()
        yield from present_rows(blobs, manifest, new.values())


def _rows(blobs: BlobStore, manifest: Manifest, file: DataFile) -> pl.LazyFrame:
    own = msgspec.structs.replace(manifest, columns=file.columns)
    return file_scan(blobs, own, file)


def _origin(manifest: Manifest, file: DataFile) -> FileOrigin:
    return FileOrigin(
        path=file.path,
        digest=file.digest,
        size=file.size,
        format=manifest.format,
        dialect=file.dialect,
    )
