"""Manifests: the list of files of a version, and how the next one follows from it (append, replace)."""

from __future__ import annotations

from collections.abc import Sequence

from meguru.datasets import checking, columns
from meguru.datasets.differences import SchemaChange
from meguru.datasets.types import (
    DataFile,
    DatasetColumn,
    DatasetVersion,
    Format,
    Manifest,
    Mode,
    SchemaPolicy,
)
from meguru.datasets.versions.layout import read_manifest
from meguru.errors import InvalidInput
from meguru.storage.blobs import BlobStore


def load_manifest(blobs: BlobStore, version: DatasetVersion) -> Manifest:
    """Read the list of files of a version."""
    return read_manifest(blobs, version.digest)


def one_schema(files: Sequence[DataFile], policy: SchemaPolicy) -> list[DatasetColumn]:
    """Return the columns of files that are registered together; under the strict policy all have the same."""
    merged = columns.merge(file.columns for file in files)
    for file in files if policy == "strict" else ():
        _refuse_changes(
            columns.changes(merged, file.columns), f"{file.path} does not have the columns of the others"
        )
    return merged


def _refuse_changes(found: Sequence[SchemaChange], what: str) -> None:
    if found:
        shown = "; ".join(str(change) for change in found[:20]) + ("; …" if len(found) > 20 else "")
        hint = "mend the file, or say schema_policy=evolve (--evolve) if the change is meant"
        raise InvalidInput(what, why=shown, hint=hint, field="files")


def following(
    before: Manifest | None,
    given: Sequence[DataFile],
    kind: Format,
    mode: Mode,
    policy: SchemaPolicy,
    event_time: str,
) -> Manifest:
    """Make the next version's manifest from the previous one (None: there is none) and the files given.

    Under the strict policy a column's type only ever widens, so that a file which happens to hold whole
    numbers does not change the type of a column of fractions.
    """
    kept = _files_that_stay(before, given) if before and mode == "append" else []
    merged = columns.merge(file.columns for file in given)
    if before and given and policy == "strict":
        _refuse_changes(
            columns.changes(before.columns, merged), "the columns are not those of the previous version"
        )
    if before and (mode == "append" or policy == "strict"):
        # Types only widen: all versions stay readable by one schema.
        merged = columns.merge([before.columns, merged])
    if mode == "append" and before:
        event_time = event_time or before.event_time
        kind = kind if given else before.format
    if event_time:
        checking.known_column(event_time, [column.name for column in merged], field="event_time")
        checking.check_event_time(merged, event_time)
    # What is there keeps its place: only the end of the list is new.
    files = [*kept, *sorted(given, key=lambda file: file.path)]
    kind = _format(before, files, given, kind)
    return Manifest(format=kind, event_time=event_time, columns=merged, files=files)


def _files_that_stay(before: Manifest, given: Sequence[DataFile]) -> list[DataFile]:
    taken = {file.path: (file.source or file).digest for file in before.files}
    for file in given:
        digest = (file.source or file).digest
        if taken.get(file.path, digest) != digest:
            hint = "give the new file another name, or use mode=replace"
            raise InvalidInput(
                f"the dataset has another file {file.path!r} already", hint=hint, field="files"
            )
    new = {file.path for file in given}
    return [file for file in before.files if file.path not in new]


def _format(
    before: Manifest | None, files: Sequence[DataFile], given: Sequence[DataFile], kind: Format
) -> Format:
    """Return what the files are that were not made Parquet here; what is given if all were."""
    as_they_are = {kind for file in given if not (file.source or file.merged)}
    if before:
        old = {file.digest for file in before.files if not (file.source or file.merged)}
        as_they_are |= {before.format for file in files if file.digest in old}
    if len(as_they_are) > 1:
        raise InvalidInput(
            f"files of {' and '.join(sorted(as_they_are))} can't be kept together",
            why="those of an earlier version are kept as they were given",
            hint="register all of them anew: mode=replace",
            field="files",
        )
    return next(iter(as_they_are), kind)
