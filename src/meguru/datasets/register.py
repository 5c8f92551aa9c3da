"""Register files as the next version of a dataset."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec
import polars as pl

from meguru.base import digests, refs
from meguru.base.names import check_full_name
from meguru.base.paths import check_path
from meguru.datasets import paths, reading, store
from meguru.datasets.examine import Examined, examine, prove
from meguru.datasets.expectations import hold as holding
from meguru.datasets.expectations.types import ExpectationResult
from meguru.datasets.kind import DatasetSpec
from meguru.datasets.manifest import following, load_manifest, one_schema
from meguru.datasets.position import SourcePosition
from meguru.datasets.spec import said_of
from meguru.datasets.types import (
    Checks,
    DatasetColumn,
    DatasetVersion,
    FileEntry,
    Format,
    Manifest,
    Mode,
    ReadOptions,
    SchemaPolicy,
)
from meguru.datasets.versions.scan import scan
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.stats.profile import profile_frame

Agreed = Callable[[Context, Manifest | None, str], None]
"""Raises unless rows may follow the newest version: its manifest and digest (None, "": there is none)."""


@operation("dataset.register", permission="dataset:write", on="name")
def register(
    ctx: Context,
    *,
    name: str,
    files: list[FileEntry],
    mode: Mode = "replace",
    format: Format | None = None,
    schema_policy: SchemaPolicy = "strict",
    event_time: str = "",
    checks: Checks | None = None,
    expect: list[dict[str, Any]] | None = None,
    key: list[str] | None = None,
    read: ReadOptions | None = None,
    note: str = "",
) -> DatasetVersion:
    """Register uploaded files as the next version of a dataset.

    The files are read here, whatever the caller says about them. With ``mode="append"`` the version has the
    previous version's files and these. Content that equals the newest version's makes no new version: that
    one is returned. With the ``strict`` policy the columns must be those of the previous version. What is
    not given is as it was declared of the dataset: the format, the column of the time, the checks, how files
    are read, and `key`, the columns whose values, taken together, may not repeat.

    What columns hold is found from their values unless `read` says it. A file that the newest version has is
    read as it was then, unless something else is said.

    Raises
    ------
    InvalidInput
        If a file is missing, unreadable or not what its entry says, a check fails, or the schema changed;
        nothing is written then.
    """
    return record(
        ctx,
        name=name,
        files=files,
        mode=mode,
        format=format,
        schema_policy=schema_policy,
        event_time=event_time,
        checks=checks,
        expect=expect,
        key=key,
        read=read,
        note=note,
    )


def record(
    ctx: Context,
    *,
    name: str,
    files: list[FileEntry],
    mode: Mode = "replace",
    format: Format | None = None,
    schema_policy: SchemaPolicy = "strict",
    event_time: str = "",
    checks: Checks | None = None,
    expect: list[dict[str, Any]] | None = None,
    key: list[str] | None = None,
    read: ReadOptions | None = None,
    note: str = "",
    used: Sequence[str] = (),
    position: SourcePosition | None = None,
    agreed: Agreed | None = None,
) -> DatasetVersion:
    """Do what `register` does for who was allowed to already; `used` is what the rows were made from.

    `position` is how far a source was read for them. `agreed` is asked in the transaction that writes, and
    raises if the newest version is not one that these rows may follow.
    """
    name = check_full_name("dataset", name)
    entries = _check_entries(files)
    said = _said_of(ctx, name)
    kind = _of_tables(format or said.format or _one_format(entries))
    schema_policy = "evolve" if said.schema_policy == "evolve" else schema_policy
    event_time, key = event_time or said.time, said.key if key is None else key
    newest = _newest(ctx, name)
    if mode == "append" and newest:
        entries = _not_in(newest, entries)
    guide = newest if schema_policy == "strict" or mode == "append" else None
    examined = examine(ctx.blobs, entries, kind, said=read or said.read, before=guide, event_time=event_time)
    given = [file for file, _ in examined]
    frame = _together(examined, one_schema(given, schema_policy))
    judged = partial(
        _judged,
        ctx,
        name,
        said,
        expect=said.expect if expect is None else expect,
        checks=[said.checks if checks is None else checks, Checks(unique=key)],
        given=None if frame is None else frame.lazy(),
    )

    def follow(before: Manifest | None) -> Manifest:
        made = following(before, given, kind, mode, schema_policy, event_time)
        return msgspec.structs.replace(made, key=list(key), position=position or _kept(before, mode))

    results = judged(newest, follow(newest))  # nobody waits for it
    profile = b"" if frame is None else digests.canonical(profile_frame(frame).to_dict())

    def agree(before: Manifest | None, digest: str) -> tuple[Manifest, list[ExpectationResult]]:
        if agreed is not None:
            agreed(ctx, before, digest)
        return follow(before), results if before == newest else judged(before, follow(before))

    return _write_following(ctx, name, agree, profile=profile, mode=mode, note=note, used=used)


def _write_following(
    ctx: Context,
    name: str,
    agree: Callable[[Manifest | None, str], tuple[Manifest, list[ExpectationResult]]],
    *,
    profile: bytes,
    mode: Mode,
    note: str,
    used: Sequence[str],
) -> DatasetVersion:
    """Write the version that follows from the newest one, which nobody changes meanwhile."""
    previous = store.lock(ctx.tx, name, ctx.now())
    before = load_manifest(ctx.blobs, previous) if previous else None
    manifest, results = agree(before, previous.digest if previous else "")
    prove(ctx.blobs, before, manifest)
    if previous and before and is_same(before, manifest):
        return store.arrived(ctx.tx, previous) if previous.elsewhere else previous
    version = write_version(ctx, manifest, previous, name=name, profile=profile, note=note)
    tell_of(ctx, version, previous, mode, used)
    holding.keep(ctx, version, results)
    return version


def is_same(before: Manifest, after: Manifest) -> bool:
    """Tell whether two manifests are of the same rows, wherever a source stood for them."""
    there = msgspec.structs.replace(after, position=before.position)
    return digests.of_value(there) == digests.of_value(before)


def _kept(before: Manifest | None, mode: Mode) -> SourcePosition | None:
    """Return where the source stands still: what people add moves it nowhere."""
    return before.position if before and mode != "replace" else None


def _judged(
    ctx: Context,
    name: str,
    said: DatasetSpec,
    before: Manifest | None,
    manifest: Manifest,
    *,
    expect: list[dict[str, Any]],
    checks: list[Checks],
    given: pl.LazyFrame | None,
) -> list[ExpectationResult]:
    """Hold what was given, and all rows that follow, against what is expected; see `expectations.hold`."""
    return holding.hold(
        ctx,
        name,
        said,
        given=given,
        checks=checks,
        whole=scan(ctx.blobs, manifest) if expect else None,
        expect=expect,
        event_time=manifest.event_time,
        rows_before=before.rows if before else None,
    )


def tell_of(
    ctx: Context,
    version: DatasetVersion,
    previous: DatasetVersion | None,
    mode: Mode,
    used: Sequence[str] = (),
) -> None:
    """Write down that there is a new version, and what it was made from."""
    seen = {"digest": version.digest, "rows": version.rows, "files": version.files}
    ctx.emit(
        "dataset_version.created",
        version.ref,
        data=seen | {"mode": mode, "note": version.note},
        used=[*used, *([previous.ref] if previous else [])],
        produced=[version.ref],
    )


def write_next(
    ctx: Context, sent: DatasetVersion, number: int, *, note: str, elsewhere: str
) -> DatasetVersion:
    """Write a version that was made elsewhere, with the next number here; the caller holds the dataset.

    `elsewhere` is what has its files, if they did not come along.
    """
    version = msgspec.structs.replace(
        sent,
        ref=refs.make("dataset", sent.name, number),
        version=number,
        note=note,
        elsewhere=elsewhere,
        created_at=ctx.now(),
        created_by=ctx.principal.name,
    )
    store.add(ctx.tx, version)
    seen = {"digest": version.digest, "rows": version.rows, "files": version.files}
    ctx.emit(
        "dataset_version.created",
        version.ref,
        data=seen | {"mode": "received", "note": note},
        used=[refs.make("dataset", sent.name, number - 1)] if number > 1 else [],
        produced=[version.ref],
    )
    return version


def _said_of(ctx: Context, name: str) -> DatasetSpec:
    with ctx.ws.read() as tx:
        return said_of(tx, name)


def _together(read: Sequence[Examined], schema: Sequence[DatasetColumn]) -> pl.DataFrame | None:
    if not read:
        return None
    return pl.concat([reading.conform(frame, schema) for _, frame in read], how="vertical_relaxed")


def write_version(
    ctx: Context,
    manifest: Manifest,
    previous: DatasetVersion | None,
    *,
    name: str,
    profile: bytes,
    note: str,
) -> DatasetVersion:
    """Write a list of files as the next version; the caller holds the dataset."""
    number = store.next_number(ctx.tx, name)
    version = DatasetVersion(
        ref=refs.make("dataset", name, number),
        name=name,
        version=number,
        digest=ctx.blobs.put_bytes(digests.canonical(manifest)),
        profile=ctx.blobs.put_bytes(profile) if profile or not previous else previous.profile,
        format=manifest.format,
        rows=manifest.rows,
        bytes=manifest.bytes,
        files=manifest.file_count,
        columns=manifest.columns,
        event_time=manifest.event_time,
        note=note,
        created_at=ctx.now(),
        created_by=ctx.principal.name,
    )
    store.add(ctx.tx, version)
    return version


def _check_entries(files: Sequence[FileEntry]) -> list[FileEntry]:
    if not files:
        raise InvalidInput("a dataset needs at least one file", field="files")
    seen: set[str] = set()
    for index, entry in enumerate(files):
        field = f"files[{index}]"
        check_path(entry.path, field=f"{field}.path")
        digests.check_digest(entry.digest, field=f"{field}.digest")
        if entry.path in seen:
            raise InvalidInput(f"two files are called {entry.path!r}", field=f"{field}.path")
        seen.add(entry.path)
    return sorted(files, key=lambda entry: entry.path)


def _of_tables(format: Format) -> Format:
    if format == "files":
        hint = "dataset.register_folder keeps files of any kind"
        raise InvalidInput("the rows of these files would be files", hint=hint, field="format")
    return format


def _one_format(entries: Sequence[FileEntry]) -> Format:
    formats = {paths.format_of(entry.path, field="files"): entry.path for entry in entries}
    if len(formats) > 1:
        raise InvalidInput("the files have different formats", why=", ".join(formats.values()), field="files")
    return next(iter(formats))


def _not_in(newest: Manifest, entries: Sequence[FileEntry]) -> list[FileEntry]:
    """Leave out what the newest version has already: it need not be read again."""
    there = {(file.path, file.digest) for file in newest.files}
    return [entry for entry in entries if (entry.path, entry.digest) not in there]


def _newest(ctx: Context, name: str) -> Manifest | None:
    with ctx.ws.read() as tx:
        newest = store.versions(tx, name, before=None, limit=1)
    return load_manifest(ctx.blobs, newest[0]) if newest else None
