"""Register the files of a folder as the next version of a dataset."""

from __future__ import annotations

from typing import Final

import polars as pl

from meguru.base import digests
from meguru.base.names import check_full_name
from meguru.datasets import store
from meguru.datasets.expectations import hold as holding
from meguru.datasets.expectations.types import ExpectationResult
from meguru.datasets.folders import index
from meguru.datasets.folders.changes import changed_list
from meguru.datasets.folders.types import FolderFile, Label
from meguru.datasets.manifest import load_manifest
from meguru.datasets.spec import said_of
from meguru.datasets.types import Checks, DatasetVersion, Manifest
from meguru.datasets.write import tell_of, write_version
from meguru.errors import Conflict, InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.stats.profile import profile_frame
from meguru.storage.blobs import BlobStore

FORMAT: Final = "files"
_NOT_PROFILED = ("path", "digest", "mode", index.PARTS)


@operation("dataset.register_folder", permission="dataset:write", on="name")
def register_folder(
    ctx: Context,
    *,
    name: str,
    files: list[FolderFile],
    packs: list[str] | None = None,
    removed: list[str] | None = None,
    base: str = "",
    label: Label = "",
    checks: Checks | None = None,
    note: str = "",
) -> DatasetVersion:
    """Register files of any kind as the next version of a dataset; a row of it is a file.

    The bytes of new files are in uploaded blobs, `packs`: each file's `parts` say where. With `base`, the
    digest of the newest version, `files` come beside the files of that one or in their place, and those that
    are `removed` go. The same content makes no new version.

    Raises
    ------
    InvalidInput
        If a name can't be kept, bytes are not what their digest says, a check fails, or the dataset's rows
        are no files; nothing is written then.
    Conflict
        If `base` is not the newest version any more.
    """
    name = check_full_name("dataset", name)
    with ctx.ws.read() as tx:
        said = said_of(tx, name)
        newest = next(iter(store.versions(tx, name, before=None, limit=1)), None)
    before = _base(ctx.blobs, newest, name, base)
    label = label or said.label or _label_of(before)
    known = index.read(ctx.blobs, before) if before else index.empty()
    frame, touched = changed_list(ctx.blobs, known, files, packs or [], removed or [], label)
    results = holding.hold(
        ctx,
        name,
        said,
        given=frame.drop(index.PARTS).lazy(),
        checks=[said.checks if checks is None else checks],
        whole=frame.drop(index.PARTS).lazy(),
        expect=said.expect,
        event_time="",
        rows_before=before.rows if before else None,
    )
    columns = index.columns(label=bool(label))
    reused = before if before and before.columns == columns else None
    manifest = Manifest(
        format=FORMAT,
        event_time="",
        columns=columns,
        files=index.write(ctx.blobs, frame, reused, touched),
        key=["path"],
        content=index.content_of(frame),
        content_bytes=int(frame["size"].sum()),
    )
    return _record(ctx, name, newest, manifest, frame, note, results)


def of_files(version: DatasetVersion) -> DatasetVersion:
    """Return a version whose rows are files; refuse another one."""
    if version.format != FORMAT:
        what = f"the rows of {version.ref} are no files"
        raise InvalidInput(what, hint=f"meguru data export {version.name} FILE", field="ref")
    return version


def _base(blobs: BlobStore, newest: DatasetVersion | None, name: str, base: str) -> Manifest | None:
    if newest and newest.format != FORMAT:
        what = f"dataset {name!r} has rows of {newest.format} files, and no files as rows"
        raise InvalidInput(what, hint="give the folder another name", field="name")
    if (newest.digest if newest else "") != base and base:
        raise _moved_on(name)
    return load_manifest(blobs, newest) if newest and base else None


def _moved_on(name: str) -> Conflict:
    return Conflict(f"dataset/{name} has a newer version now", hint="compare with that, and register again")


def _label_of(before: Manifest | None) -> Label:
    return "folder" if before and any(each.name == index.LABEL for each in before.columns) else ""


def _record(
    ctx: Context,
    name: str,
    newest: DatasetVersion | None,
    manifest: Manifest,
    frame: pl.DataFrame,
    note: str,
    results: list[ExpectationResult],
) -> DatasetVersion:
    profile = digests.canonical(profile_frame(frame.drop(_NOT_PROFILED, strict=False)).to_dict())
    previous = store.lock(ctx.tx, name, ctx.now())
    if (previous.digest if previous else "") != (newest.digest if newest else ""):
        raise _moved_on(name)
    if previous and _same(load_manifest(ctx.blobs, previous), manifest):
        return store.arrived(ctx.tx, previous) if previous.elsewhere else previous
    version = write_version(ctx, manifest, name=name, profile=profile, note=note)
    tell_of(ctx, version, previous, "replace")
    holding.keep(ctx, version, results)
    return version


def _same(before: Manifest, after: Manifest) -> bool:
    whole = not any(file.deleted for file in before.files)
    return whole and (before.content, before.columns) == (after.content, after.columns)
