"""Manifests: the list of files of a version, and how the next one follows from it."""

from __future__ import annotations

from collections.abc import Sequence

from meguru.datasets import checking, columns
from meguru.datasets.types import (
    DataFile,
    DatasetColumn,
    DatasetVersion,
    Format,
    Manifest,
    Mode,
    SchemaChange,
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
    kept = _kept(before, given, kind) if before and mode == "append" else []
    merged = columns.merge(file.columns for file in given)
    if before and given and policy == "strict":
        _refuse_changes(
            columns.changes(before.columns, merged), "the columns are not those of the previous version"
        )
    if before and (mode == "append" or policy == "strict"):
        merged = columns.merge([before.columns, merged])
    if mode == "append" and before:
        event_time = event_time or before.event_time
        kind = kind if given else before.format
    if event_time:
        checking.known_column(event_time, [column.name for column in merged], field="event_time")
        checking.check_event_time(merged, event_time)
    # What is there keeps its place: only the end of the list is new.
    files = [*kept, *sorted(given, key=lambda file: file.path)]
    return Manifest(format=kind, event_time=event_time, columns=merged, files=files)


def _kept(before: Manifest, given: Sequence[DataFile], kind: Format) -> list[DataFile]:
    if given and before.format != kind:
        raise InvalidInput(
            f"{kind} files can't be appended to a dataset of {before.format} files", field="files"
        )
    taken = {file.path: file.digest for file in before.files}
    for file in given:
        if taken.get(file.path, file.digest) != file.digest:
            hint = "give the new file another name, or use mode=replace"
            raise InvalidInput(
                f"the dataset has another file {file.path!r} already", hint=hint, field="files"
            )
    new = {file.path for file in given}
    return [file for file in before.files if file.path not in new]
