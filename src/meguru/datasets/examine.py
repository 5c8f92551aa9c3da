"""Read files before they are registered: types and rows are found, and each becomes Parquet once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import msgspec
import polars as pl

from meguru.datasets.ingest.numbers import EXACT
from meguru.datasets.ingest.stored import stored_as_parquet
from meguru.datasets.personal.treatment import ValueTreatment
from meguru.datasets.types import DataFile, DatasetColumn, FileEntry, Format, Manifest, ReadOptions
from meguru.datasets.versions.scan import file_scan, format_of
from meguru.errors import InvalidInput
from meguru.storage.blobs import BlobStore


def examine(
    blobs: BlobStore,
    entries: Sequence[FileEntry],
    format: Format,
    *,
    said: ReadOptions | None,
    before: Manifest | None,
    event_time: str,
    there: Manifest | None = None,
    treat: ValueTreatment | None = None,
) -> list[DataFile]:
    """Read files as they will be registered; personal columns are treated before anything is written.

    A file that the version before has is what it is there, unless something is said; one that `there` has,
    whatever is said: it was read by the same words. What is text in that
    version stays text; so does a column that one of the files keeps as text though it looks like a number.
    """
    known = {} if said or not before else _files_by_origin(before)
    known |= _files_by_origin(there) if there else {}
    asked = said or ReadOptions()
    if treat is not None:
        # A column that nobody has is misspelt: what was to be treated would be kept in clear.
        new = treat.columns.keys() - (_columns(before) if before else set())
        asked = msgspec.structs.replace(asked, types=dict.fromkeys(new, "text") | asked.types)
    if before and format == "csv":
        text = {column.name: "text" for column in before.columns if column.type == "String"}
        asked = asked.guided(text)
    keep = partial(stored_as_parquet, blobs, format=format, treat=treat)
    files = [
        _examined(
            entry,
            asked,
            known.get((entry.path, entry.digest)),
            event_time,
            partial(keep, field=f"files[{index}]"),
            treat,
        )
        for index, entry in enumerate(entries)
    ]
    # One file shows that a column holds codes: its other files must not make numbers of them.
    texts = {name for file in files for name in _kept_text(file)} - asked.types.keys()
    return [_as_text(file, format, asked, texts, keep) for file in files]


def prove(blobs: BlobStore, before: Manifest | None, manifest: Manifest) -> None:
    """Look again at the files whose types the version widens, so that what was accepted can always be read.

    What the version before has proved is not proved again.

    Raises
    ------
    InvalidInput
        If a value does not fit the type that the version gives to its column.
    """
    wanted = {column.name: column.type for column in manifest.columns}
    proved = {column.name: column.type for column in before.columns} if before else {}
    old = {file.digest for file in before.files} if before else set()
    for file in manifest.files:
        other = [
            dataset_column
            for dataset_column in file.columns
            if dataset_column.type not in {wanted[dataset_column.name], "Null"}
        ]
        if file.digest in old:
            other = [each for each in other if proved.get(each.name) != wanted[each.name]]
        if not other:
            continue
        own = msgspec.structs.replace(manifest, columns=file.columns)
        for column in other:
            _check_text(column, wanted[column.name], file.path, format_of(manifest, file))
            _check_exact(file_scan(blobs, own, file), column, wanted[column.name], file.path)
        file_scan(blobs, manifest, file).select(pl.len()).collect(engine="streaming")


_ONE_SPELLING = {"Int64", "Date"}
"""Types whose values are text in one way alone."""


def _check_text(column: DatasetColumn, wanted: str, path: str, format: str) -> None:
    """Refuse numbers and times that would become text: how they were written is not kept with them."""
    if wanted == "String" and format == "parquet" and column.type not in _ONE_SPELLING:
        raise InvalidInput(
            f"column {column.name!r} is {column.type} in {path}, and text in the others",
            why="as text it would be written otherwise than it was",
            hint="register its files anew, all with --type C=text",
            field="files",
        )


def _check_exact(rows: pl.LazyFrame, column: DatasetColumn, wanted: str, path: str) -> None:
    if wanted != "Float64" or not column.type.startswith(("Int", "UInt")):
        return
    values = pl.col(column.name)
    low, high = rows.select(values.min().alias("low"), values.max().alias("high")).collect().row(0)
    if max(abs(low or 0), abs(high or 0)) > EXACT:
        raise InvalidInput(
            f"column {column.name!r} of {path} has whole numbers that are none as fractions",
            why="beyond 9,007,199,254,740,992 a fraction does not hold each whole number",
            hint="say that the column is text: --type C=text",
            field="files",
        )


def _files_by_origin(before: Manifest) -> dict[tuple[str, str], DataFile]:
    """Return the files of a version by what they were made from, and as they are."""
    files = {(file.source.path, file.source.digest): file for file in before.files if file.source}
    return files | {(file.path, file.digest): file for file in before.files}


def _examined(
    entry: FileEntry,
    said: ReadOptions,
    known: DataFile | None,
    event_time: str,
    keep: Callable[..., DataFile],
    treat: ValueTreatment | None,
) -> DataFile:
    if known is not None and _is_as_wanted(known, event_time, treat):
        return known
    file = keep(entry, said=said)
    if _is_text(file, event_time):
        more = msgspec.structs.replace(said, types=said.types | {event_time: "datetime"})
        file = keep(entry, said=more)
    return file


def _columns(version: Manifest) -> set[str]:
    """Return the columns of a version, those that were dropped when its files were read too."""
    dropped = {name for file in version.files if file.source for name in file.source.treated}
    return dropped | {column.name for column in version.columns}


def _is_as_wanted(known: DataFile, event_time: str, treat: ValueTreatment | None) -> bool:
    treated = known.source.treated if known.source else {}
    wanted = dict(treat.columns) if treat else {}
    return not known.deleted and treated == wanted and not _is_text(known, event_time)


def _is_text(file: DataFile, column: str) -> bool:
    return any(
        dataset_column.name == column and dataset_column.type == "String" for dataset_column in file.columns
    )


def _kept_text(file: DataFile) -> list[str]:
    dialect = file.source.dialect if file.source else file.dialect
    return list(dialect.kept) if dialect else []


def _as_text(
    file: DataFile, format: Format, said: ReadOptions, texts: set[str], keep: Callable[..., DataFile]
) -> DataFile:
    """Read a file again in which a column is a number that another file keeps as text."""
    again = {
        column.name
        for column in file.columns
        if column.name in texts and column.type not in {"String", "Null"}
    }
    if not again or format != "csv" or file.source is None:
        return file
    more = msgspec.structs.replace(said, types=said.types | dict.fromkeys(again, "text"))
    entry = FileEntry(path=file.path, digest=file.source.digest, size=file.source.size)
    return keep(entry, said=more)
