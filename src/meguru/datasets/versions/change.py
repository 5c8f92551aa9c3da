"""How the next manifest follows from the one before: append, replace, upsert, sync and delete."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from meguru.datasets import checking
from meguru.datasets.manifest import following
from meguru.datasets.types import DataFile, Format, Manifest, Mode, SchemaPolicy
from meguru.datasets.versions.compact import compact
from meguru.datasets.versions.positions import delete_rows_at, mark_deleted, rows_with_keys
from meguru.datasets.versions.scan import scan
from meguru.datasets.versions.sync import synced
from meguru.errors import Conflict, InvalidInput
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl


class VersionChange(NamedTuple):
    """What is done to a version: `given` are the files that came, already looked at."""

    mode: Mode
    given: list[DataFile]
    format: Format
    policy: SchemaPolicy
    event_time: str
    key: list[str]


def changed(blobs: BlobStore, before: Manifest | None, change: VersionChange) -> Manifest:
    """Return the next version's list of files.

    Raises
    ------
    InvalidInput
        If rows are to be told by a key and there is none, or the columns are not those of the version before.
    Conflict
        If rows are appended whose key is there already.
    """
    if change.mode == "delete":
        return _deleted(blobs, before, change)
    if change.mode == "sync":
        return _synchronised(blobs, before, change)
    files = change.given
    if change.mode == "upsert":
        _check_key(change)
        # Corrections may carry the name of the file that they correct: here a name is no identity, the key
        # is.
        files = _renamed(before.files if before else (), files)
    adding: Mode = "replace" if change.mode == "replace" else "append"
    made = following(before, files, change.format, adding, change.policy, change.event_time)
    made = msgspec.structs.replace(made, key=list(change.key))
    if change.mode == "replace" or before is None:
        return made
    if change.key and files:
        made = _replace_by_key(blobs, before, made, change)
    return compact(blobs, made)


def _synchronised(blobs: BlobStore, before: Manifest | None, change: VersionChange) -> Manifest:
    """Return the list of files that has the rows given: what is there already stays, if most of it does."""
    _check_key(change)
    whole = changed(blobs, before, change._replace(mode="replace"))
    if before is None or not before.files:
        return whole
    both = {"columns": whole.columns, "key": list(change.key)}
    old, given = (msgspec.structs.replace(each, **both) for each in (before, whole))
    if {column.name for column in before.columns} != {column.name for column in whole.columns}:
        return whole
    files = synced(blobs, old, given)
    return whole if files is None else compact(blobs, msgspec.structs.replace(old, files=files))


def same_content(first: Manifest, second: Manifest) -> bool:
    """Tell whether two lists have the same files, in whatever order, read alike."""
    ordered = [
        msgspec.structs.replace(each, files=sorted(each.files, key=lambda file: (file.path, file.deleted)))
        for each in (first, second)
    ]
    return ordered[0] == ordered[1]


def _replace_by_key(blobs: BlobStore, before: Manifest, made: Manifest, change: VersionChange) -> Manifest:
    """Take the rows away whose key came again, or refuse them."""
    # `following` puts what came last, so all before it is what was there.
    old = msgspec.structs.replace(made, files=made.files[: len(made.files) - len(change.given)])
    marks = rows_with_keys(blobs, old, _keys(blobs, made, change))
    if not marks:
        return made
    files = mark_deleted(blobs, old, marks)
    # The keys are there, but in rows that were deleted before.
    if files == old.files:
        return made
    if change.mode == "append":
        rows = before.rows - sum(file.live for file in files)
        raise Conflict(
            f"{rows:,} rows are there already",
            why=f"the key ({', '.join(change.key)}) tells one row from another",
            hint="put the new rows in place of the old ones: --upsert (mode=upsert)",
        )
    return msgspec.structs.replace(made, files=[*files, *made.files[len(old.files) :]])


def _deleted(blobs: BlobStore, before: Manifest | None, change: VersionChange) -> Manifest:
    _check_key(change)
    if before is None:
        raise InvalidInput("there is nothing to delete", why="the dataset has no version", field="mode")
    columns = [column.name for column in before.columns]
    for name in change.key:
        checking.known_column(name, columns, field="key")
    marks = rows_with_keys(blobs, before, _keys(blobs, before, change))
    return delete_rows_at(blobs, before, marks)


def _keys(blobs: BlobStore, manifest: Manifest, change: VersionChange) -> pl.DataFrame:
    """Return the keys that the given files have, in the types of a version."""
    for file in change.given:
        for name in change.key:
            checking.known_column(name, [column.name for column in file.columns], field="key")
    columns = [column for column in manifest.columns if column.name in change.key]
    given = Manifest(format=change.format, event_time="", columns=columns, files=change.given)
    return scan(blobs, given).select(change.key).collect(engine="streaming")


def _check_key(change: VersionChange) -> None:
    if not change.key:
        raise InvalidInput(
            "nothing tells one row from another",
            why=f"mode={change.mode} needs the columns of a key",
            hint='name them: --key id, or key = ["id"] in the dataset\'s declaration',
            field="key",
        )


def _renamed(there: Collection[DataFile], given: Sequence[DataFile]) -> list[DataFile]:
    """Give files names that no other one has: corrections come under one name again and again."""
    taken = {file.path for file in there}
    found = []
    for file in given:
        path, number = PurePosixPath(file.path), 1
        while str(path) in taken:
            number += 1
            path = PurePosixPath(file.path).with_stem(f"{PurePosixPath(file.path).stem}~{number}")
        taken.add(str(path))
        found.append(msgspec.structs.replace(file, path=str(path)))
    return found
