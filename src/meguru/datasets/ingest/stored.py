"""Convert a file to Parquet and store it as a blob."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import polars as pl

from meguru.base import digests
from meguru.datasets.ingest.convert import convert
from meguru.datasets.ingest.converted import ConvertedFile
from meguru.datasets.ingest.local_files import meter_in_use, opened_entry
from meguru.datasets.personal.treatment import ValueTreatment, treating
from meguru.datasets.types import DataFile, DatasetColumn, FileEntry, FileOrigin, Format, ReadOptions
from meguru.errors import InternalError
from meguru.storage.blobs import BlobStore
from meguru.storage.blobs.local import LocalStore
from meguru.storage.blobs.objects import ObjectStore


def stored_as_parquet(
    blobs: BlobStore,
    entry: FileEntry,
    format: Format,
    said: ReadOptions,
    treat: ValueTreatment | None = None,
    field: str = "files",
) -> DataFile:
    """Read a file for the first time, and keep its rows as Parquet.

    What is `treat`ed is read as the text that stands there, and never written in clear.

    Raises
    ------
    InvalidInput
        If it is not what its name says, or what was said of it.
    """
    if treat is not None:
        said = said.guided(dict.fromkeys(treat.columns, "text"))
    with opened_entry(blobs, entry, field) as path, _draft(blobs) as target, treating(treat):
        # Treated while they are written: values in clear never reach the disk, not even a draft.
        file = convert(path, format, entry.path, said, target, meter=meter_in_use.get())
        if file.taken:
            blobs.put_file(path)
            return _file(entry.path, entry.digest, entry.size, file)
        _check_rows(target, file.rows, entry.path)
        size = target.stat().st_size
        origin = FileOrigin(
            path=entry.path, digest=entry.digest, size=entry.size, format=format, dialect=file.dialect,
            treated=dict(treat.columns) if treat else {},
        )  # fmt: skip
        return _file(entry.path, _adopted(blobs, target), size, _treated(file, treat), origin)


def _check_rows(target: Path, rows: int, name: str) -> None:
    """Refuse to keep a file that has not all rows that were read: nothing after this would notice."""
    written = int(pl.scan_parquet(target, glob=False).select(pl.len()).collect().item())
    if written != rows:
        message = f"{written} of {rows} rows of {name} were written"
        raise InternalError(message)


def _treated(made: ConvertedFile, treat: ValueTreatment | None) -> ConvertedFile:
    if treat is None:
        return made
    types = treat.schema({column.name: column.type for column in made.columns})
    columns = [
        dataset_column
        if dataset_column.name not in treat.columns or dataset_column.type == "Null"
        else DatasetColumn(name=dataset_column.name, type="String")
        for dataset_column in made.columns
        if dataset_column.name in types
    ]
    return msgspec.structs.replace(made, columns=columns)


def _file(
    path: str, digest: str, size: int, made: ConvertedFile, origin: FileOrigin | None = None
) -> DataFile:
    return DataFile(path=path, digest=digest, size=size, rows=made.rows, columns=made.columns, source=origin)


@contextmanager
def _draft(blobs: BlobStore) -> Iterator[Path]:
    """Give the name of a file that is gone afterwards, unless it was adopted."""
    with TemporaryDirectory(prefix="meguru-data-") as folder:
        place = Path(folder)
        if isinstance(blobs, LocalStore | ObjectStore):
            place = blobs.drafts  # beside the blobs, a draft becomes one by its name alone
            place.mkdir(parents=True, exist_ok=True)
        draft = place / f"{uuid.uuid4().hex}.parquet"
        try:
            yield draft
        finally:
            draft.unlink(missing_ok=True)


def _adopted(blobs: BlobStore, draft: Path) -> str:
    if isinstance(blobs, LocalStore | ObjectStore):
        return blobs.adopt(draft, digests.of_file(draft))
    return blobs.put_file(draft)
