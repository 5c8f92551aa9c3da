"""Look at files before they are registered: their rows, types, and how they are to be read ever after."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import polars as pl

from meguru.datasets import reading
from meguru.datasets.types import DataFile, DatasetColumn, Dialect, FileEntry, Format, Manifest, ReadOptions
from meguru.errors import InvalidInput, NotFound
from meguru.storage.blobs import BlobStore

EXACT = 2**53
"""Whole numbers up to here are themselves as fractions too."""
Examined = tuple[DataFile, pl.DataFrame]


def examine(
    blobs: BlobStore,
    entries: Sequence[FileEntry],
    format: Format,
    *,
    said: ReadOptions | None,
    before: Manifest | None,
    event_time: str,
) -> list[Examined]:
    """Read files as they will be registered.

    A file that the version before has is read as it was then, unless something is said. What is text in that
    version stays text; so does a column that one of the files keeps as text though it looks like a number.
    """
    known = {} if said or not before else {(file.path, file.digest): file for file in before.files}
    asked = said or ReadOptions()
    if before and format == "csv":
        text = {column.name: "text" for column in before.columns if column.type == "String"}
        asked = msgspec.structs.replace(asked, types=text | asked.types)
    found = [
        _examined(blobs, entry, format, asked, known.get((entry.path, entry.digest)), event_time, index)
        for index, entry in enumerate(entries)
    ]
    texts = {name for file, _ in found if file.dialect for name in file.dialect.kept} - asked.types.keys()
    return [_as_text(blobs, each, format, asked, texts) for each in found]


def prove(blobs: BlobStore, before: Manifest | None, manifest: Manifest) -> None:
    """Read again the files whose types the version widens, so that what was accepted can always be read.

    What the version before has proved is not proved again.

    Raises
    ------
    InvalidInput
        If a value does not fit the type that the version gives to its column.
    """
    wanted = {column.name: column.type for column in manifest.columns}
    proved = {column.name: column.type for column in before.columns} if before else {}
    old = {file.digest for file in before.files} if before else set()
    format = manifest.format
    for file in manifest.files:
        other = [each for each in file.columns if each.type not in {wanted[each.name], "Null"}]
        if file.digest in old:
            other = [each for each in other if proved.get(each.name) != wanted[each.name]]
        if not other:
            continue
        frame = reading.read(
            blobs.path(file.digest), format, file.path, columns=file.columns, dialect=file.dialect
        )
        for column in other:
            _check_exact(frame[column.name], column, wanted[column.name], file.path)
        reading.read(
            blobs.path(file.digest), format, file.path, columns=manifest.columns, dialect=file.dialect
        )


def _check_exact(values: pl.Series, column: DatasetColumn, wanted: str, path: str) -> None:
    if wanted != "Float64" or not values.dtype.is_integer():
        return
    if max(abs(int(values.min() or 0)), abs(int(values.max() or 0))) > EXACT:  # type: ignore[arg-type]
        raise InvalidInput(
            f"column {column.name!r} of {path} has whole numbers that are none as fractions",
            why="beyond 9,007,199,254,740,992 a fraction does not hold each whole number",
            hint="say that the column is text: --type C=text",
            field="files",
        )


def _examined(
    blobs: BlobStore,
    entry: FileEntry,
    format: Format,
    said: ReadOptions,
    known: DataFile | None,
    event_time: str,
    index: int,
) -> Examined:
    path = _blob(blobs, entry, index)
    if known is not None and event_time not in {each.name for each in known.columns if each.type == "String"}:
        frame = reading.read(path, format, entry.path, columns=known.columns, dialect=known.dialect)
        return known, frame
    frame, dialect = reading.first_read(path, format, entry.path, said)
    if event_time in frame.schema and frame.schema[event_time] == pl.String:
        more = msgspec.structs.replace(said, types=said.types | {event_time: "datetime"})
        frame, dialect = reading.first_read(path, format, entry.path, more)
    return _file(entry, frame, dialect), frame


def _as_text(
    blobs: BlobStore, examined: Examined, format: Format, said: ReadOptions, texts: set[str]
) -> Examined:
    """Read a file again in which a column is a number that another file keeps as text."""
    file, frame = examined
    again = {name for name in texts if frame.schema.get(name, pl.String) != pl.String}
    if not again or format != "csv":
        return examined
    more = msgspec.structs.replace(said, types=said.types | dict.fromkeys(again, "text"))
    frame, dialect = reading.first_read(blobs.path(file.digest), format, file.path, more)
    return _file(FileEntry(path=file.path, digest=file.digest, size=file.size), frame, dialect), frame


def _file(entry: FileEntry, frame: pl.DataFrame, dialect: Dialect | None) -> DataFile:
    return DataFile(
        path=entry.path,
        digest=entry.digest,
        size=entry.size,
        rows=frame.height,
        columns=reading.schema_of(frame),
        dialect=dialect,
    )


def _blob(blobs: BlobStore, entry: FileEntry, index: int) -> Path:
    try:
        path = blobs.path(entry.digest)
    except NotFound as error:
        why, hint = "its bytes were not uploaded", "upload the blob first, or use add_files"
        raise InvalidInput(
            f"{entry.path!r} is missing", why=why, hint=hint, field=f"files[{index}].digest"
        ) from error
    if (size := path.stat().st_size) != entry.size:
        raise InvalidInput(f"{entry.path!r} has {size} bytes, not {entry.size}", field=f"files[{index}].size")
    if not size:
        raise InvalidInput(f"{entry.path!r} is empty", field=f"files[{index}]")
    return path
