"""Register the files of a folder as the next version of a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from meguru.base import digests
from meguru.base.names import check_full_name
from meguru.datasets import store
from meguru.datasets.expectations.enforce import enforce
from meguru.datasets.expectations.types import ExpectationResult
from meguru.datasets.folders import index
from meguru.datasets.folders.changes import changed_list
from meguru.datasets.folders.index import FORMAT
from meguru.datasets.folders.types import FolderFile, Label
from meguru.datasets.manifest import load_manifest
from meguru.datasets.spec import spec_of
from meguru.datasets.types import Checks, DatasetVersion, Manifest
from meguru.datasets.write import Line, check_blobs_exist, write_following
from meguru.errors import Conflict, InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.stats.profile import profile_frame
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl

_NOT_PROFILED = {"path", "digest", "mode", index.PARTS}


@operation("dataset.register_folder", permission="dataset:write", on="name")
def register_folder(
    ctx: Context,
    *,
    name: str,
    files: list[FolderFile],
    packs: list[str] | None = None,
    removed: list[str] | None = None,
    base: str | None = None,
    label: Label = "",
    checks: Checks | None = None,
    note: str = "",
    branch: str = "",
) -> DatasetVersion:
    """Register files of any kind as the next version of a dataset; a row of it is a file.

    The bytes of new files are in uploaded blobs, `packs`: each file's `parts` say where. With `base`, the
    digest of the newest version, `files` come beside the files of that one or in their place, and those that
    are `removed` go; if it is empty, there must be no version yet. Without it these are all files. The same
    content makes no new version. The version is the next of a `branch`, if one is named.

    Raises
    ------
    InvalidInput
        If a name can't be kept, bytes are not what their digest says, a check fails, or the dataset's rows
        are no files; nothing is written then.
    Conflict
        If `base` is not the newest version any more.
    """
    changes = FolderChanges(files, packs or [], removed or [], base)
    return record_folder(ctx, name, changes, label=label, checks=checks, note=note, branch=branch)


def _profile(frame: pl.DataFrame) -> bytes:
    """Return the profile of the columns that hold something, but for names and digests."""
    empty = {name for name in frame.columns if frame[name].null_count() == frame.height}
    told = frame.drop(empty | _NOT_PROFILED, strict=False)
    return digests.canonical(profile_frame(told).to_dict())


class FolderChanges(NamedTuple):
    """What changes in the list of files of a version (`base`): see `register_folder`."""

    files: list[FolderFile]
    packs: list[str]
    removed: list[str]
    base: str | None


def record_folder(
    ctx: Context,
    name: str,
    changes: FolderChanges,
    *,
    label: Label = "",
    checks: Checks | None = None,
    note: str = "",
    branch: str = "",
    used: Sequence[str] = (),
) -> DatasetVersion:
    """Do what `register_folder` does for who was allowed to; `used` is what the files were made from."""
    name = check_full_name("dataset", name)
    with ctx.ws.read() as tx:
        spec, newest = spec_of(tx, name), store.newest(tx, name, branch)
    before = _base(ctx.blobs, newest, name, changes.base)
    label = label or spec.label or _label_of(before)
    known = index.read(ctx.blobs, before) if before else index.empty()
    # All reading comes before the transaction; `agree` proves that the base is still the newest version.
    frame, touched = changed_list(ctx.blobs, known, changes.files, changes.packs, changes.removed, label)
    rows = frame.drop(index.PARTS).lazy()
    results = enforce(
        ctx,
        name,
        spec,
        given=rows,
        checks=[spec.checks if checks is None else checks],
        whole=rows,
        expect=spec.expect,
        event_time="",
        rows_before=before.rows if before else None,
    )
    manifest = index.manifest_of(ctx.blobs, frame, before, touched)
    packs = set(index.packs_in(frame)) - set(index.packs_in(known))

    def agree(previous: Manifest | None, digest: str) -> tuple[Manifest, list[ExpectationResult]]:
        if digest != (newest.digest if newest else ""):
            raise _newer_version(name)
        check_blobs_exist(ctx, packs, "the files")
        return (previous if previous and _same_content(previous, manifest) else manifest), results

    profile = _profile(frame)
    line = Line(name=name, branch=branch, follows="")
    return write_following(ctx, line, agree, profile=profile, mode="replace", note=note, used=used)


def of_files(version: DatasetVersion) -> DatasetVersion:
    """Return a version whose rows are files; refuse another one."""
    if version.format != FORMAT:
        what = f"the rows of {version.ref} are no files"
        raise InvalidInput(what, hint=f"meguru data export {version.name} FILE", field="ref")
    return version


def _base(blobs: BlobStore, newest: DatasetVersion | None, name: str, base: str | None) -> Manifest | None:
    if newest and newest.format != FORMAT:
        what = f"dataset {name!r} has rows of {newest.format} files, and no files as rows"
        raise InvalidInput(what, hint="give the folder another name", field="name")
    if base is not None and base != (newest.digest if newest else ""):
        raise _newer_version(name)
    return load_manifest(blobs, newest) if newest and base else None


def _newer_version(name: str) -> Conflict:
    return Conflict(f"dataset/{name} has a newer version now", hint="compare with that, and register again")


def _label_of(before: Manifest | None) -> Label:
    return "folder" if before and any(column.name == index.LABEL for column in before.columns) else ""


def _same_content(before: Manifest, after: Manifest) -> bool:
    whole = not any(file.deleted for file in before.files)
    return whole and (before.content, before.columns) == (after.content, after.columns)
