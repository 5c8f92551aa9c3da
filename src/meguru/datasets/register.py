"""Register files as the next version of a dataset."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec
import polars as pl

from meguru.base import digests
from meguru.base.names import check_full_name
from meguru.datasets import store
from meguru.datasets.examine import examine
from meguru.datasets.expectations.enforce import enforce
from meguru.datasets.expectations.types import ExpectationResult
from meguru.datasets.file_entries import (
    check_entries,
    check_meanwhile,
    check_no_folder,
    check_table_format,
    one_format,
    without_registered,
)
from meguru.datasets.ingest.profile import profile_rows
from meguru.datasets.ingest.uploads import free_uploads
from meguru.datasets.kind import DATASET, DatasetSpec
from meguru.datasets.manifest import load_manifest, one_schema
from meguru.datasets.personal.column_specs import treatment, with_column_specs
from meguru.datasets.personal.screening import screened_files
from meguru.datasets.position import SourcePosition
from meguru.datasets.spec import spec_of
from meguru.datasets.types import (
    Checks,
    ColumnSpec,
    DataFile,
    DatasetColumn,
    DatasetVersion,
    FileEntry,
    Format,
    Manifest,
    Mode,
    ReadOptions,
    SchemaPolicy,
)
from meguru.datasets.versions.change import VersionChange, changed
from meguru.datasets.versions.scan import scan
from meguru.datasets.write import Line, write_following
from meguru.errors import Conflict
from meguru.kernel.declarations.declare import declare
from meguru.kernel.operations import Context, operation

CheckPrevious = Callable[[Context, Manifest | None, str], None]
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
    columns: dict[str, ColumnSpec] | None = None,
    note: str = "",
    branch: str = "",
    follows: str = "",
) -> DatasetVersion:
    """Register uploaded files as the next version of a dataset.

    The files are read here, whatever the caller says about them. With ``mode="append"`` the version has the
    previous version's files and these; with ``mode="upsert"`` the rows in these come in place of those with
    the same key, or are new; with ``mode="sync"`` it has just the rows in these, told by the key; with
    ``mode="delete"`` the rows go whose keys these hold. Each writes what changed and nothing else. Content
    that equals the newest version's makes no new version: that one is returned. The version is the next of
    a `branch`, if one is named; `follows` is the newest version that the caller knows: if there is a newer
    one by now, nothing is written. With the ``strict`` policy the columns must be those of the previous
    version. What is not given is as it was declared of the dataset: the format, the column of the time, the
    checks, how files are read, and `key`, the columns whose values, taken together, may not repeat.

    What columns hold is found from their values unless `read` says it. A file that the newest version has is
    read as it was then, unless something else is said.

    Raises
    ------
    InvalidInput
        If a file is missing, unreadable or not what its entry says, a check fails, or the schema changed;
        nothing is written then.
    Conflict
        If there is a newer version than the one that it follows, or rows are appended whose key is there
        already.
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
        columns=columns,
        note=note,
        branch=branch,
        follows=follows,
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
    columns: dict[str, ColumnSpec] | None = None,
    note: str = "",
    branch: str = "",
    follows: str = "",
    used: Sequence[str] = (),
    position: SourcePosition | None = None,
    agreed: CheckPrevious | None = None,
) -> DatasetVersion:
    """Do what `register` does for who was allowed to already; `used` is what the rows were made from.

    `position` is how far a source was read for them. `agreed` is asked in the transaction that writes, and
    raises if the newest version is not one that these rows may follow.
    """
    name, entries = check_full_name("dataset", name), check_entries(files)
    spec = with_column_specs(_spec_of(ctx, name), columns)
    kind = check_table_format(format or spec.format or one_format(entries))
    schema_policy = "evolve" if spec.schema_policy == "evolve" else schema_policy
    event_time, newest = event_time or spec.time, _newest(ctx, name, branch)
    check_no_folder(name, newest, mode)
    key = _key(spec.key if key is None else key, newest, mode)
    # Its types guide the reading: ids that happen to be all digits stay text.
    guide = None if schema_policy == "evolve" and mode == "replace" else newest
    given_all, entries = entries, without_registered(newest, entries, mode)
    look = partial(_examined, ctx, spec, entries, kind, read=read or spec.read)
    given = look(name, mode, before=guide, event_time=event_time, there=newest if position else None)
    rows = None if mode == "delete" else _scan_of(ctx, given, kind, one_schema(given, schema_policy))
    expect = spec.expect if expect is None else expect
    held = [spec.checks if checks is None else checks, Checks(unique=key)]
    judged = partial(_judged, ctx, name, spec, expect=expect, checks=held, given=rows)
    change = VersionChange(mode, given, kind, schema_policy, event_time, list(key))
    # Before `ctx.tx` is touched: from then on all writers wait, and this may take minutes.
    first = (follow := partial(_follow, ctx, change, judged, position))(newest)
    whole = mode in {"replace", "sync"} or newest is None  # of a part nobody asks the profile
    profile = b"" if rows is None or not whole else _profiled(rows, given)

    def agree(before: Manifest | None, digest: str) -> tuple[Manifest, list[ExpectationResult]]:
        if agreed is not None:
            agreed(ctx, before, digest)
        _declare_columns(ctx, name, spec, columns)
        if before == newest:
            return first
        # Another version came meanwhile: what changes is found again, in that one.
        check_meanwhile(name, before, given_all, set(entries), mode)
        return follow(before)

    line = Line(name=name, branch=branch, follows=follows)
    return write_following(ctx, line, agree, profile=profile, mode=mode, note=note, used=used)


def _examined(
    ctx: Context,
    said: DatasetSpec,
    entries: list[FileEntry],
    kind: Format,
    name: str,
    mode: Mode,
    *,
    read: ReadOptions | None,
    before: Manifest | None,
    event_time: str,
    there: Manifest | None,
) -> list[DataFile]:
    """Make files Parquet, with their personal columns treated; what was uploaded for them is let go."""
    how = partial(examine, ctx.blobs, entries, kind, said=read, treat=treatment(ctx, said))
    given = how(before=before, event_time=event_time, there=there)
    free_uploads(ctx, given, is_personal=bool(said.columns))
    return given if mode == "delete" else screened_files(ctx, name, given, kind)


def _follow(
    ctx: Context,
    change: VersionChange,
    judged: Callable[[Manifest | None, Manifest], list[ExpectationResult]],
    position: SourcePosition | None,
    before: Manifest | None,
) -> tuple[Manifest, list[ExpectationResult]]:
    """Return the list of files that follows from a version, and how its rows were judged."""
    made = changed(ctx.blobs, before, change)
    made = msgspec.structs.replace(made, position=position or _source_position(before, change.mode))
    return made, judged(before, made)


def _declare_columns(
    ctx: Context, name: str, said: DatasetSpec, columns: dict[str, ColumnSpec] | None
) -> None:
    """Add column specs to the present declaration; files were read by `said`, which may be older."""
    now = with_column_specs(spec_of(ctx.tx, name), columns)
    if _treated(now) != _treated(said):
        raise Conflict(
            f"what is said of the columns of dataset/{name} changed meanwhile",
            why="personal columns are treated otherwise now than when the files were read",
            hint="add the files again",
        )
    if columns:
        declare(ctx, DATASET, name, now)


def _treated(said: DatasetSpec) -> dict[str, str]:
    return {name: each.treat for name, each in said.columns.items() if each.treat}


def _source_position(before: Manifest | None, mode: Mode) -> SourcePosition | None:
    """Return where the source stands still: what people add moves it nowhere."""
    return before.position if before and mode != "replace" else None


def _key(said: list[str], newest: Manifest | None, mode: Mode) -> list[str]:
    """Return the key that holds: what is added to a version has its key, if nothing else is said."""
    return newest.key if newest and not said and mode != "replace" else said


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
    """Hold what was given, and all rows that follow, against what is expected; see `enforce`."""
    return enforce(
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


def _spec_of(ctx: Context, name: str) -> DatasetSpec:
    with ctx.ws.read() as tx:
        return spec_of(tx, name)


def _scan_of(
    ctx: Context, given: Sequence[DataFile], kind: Format, schema: Sequence[DatasetColumn]
) -> pl.LazyFrame | None:
    """Return the rows of files that are registered together; None if there are none."""
    if not given:
        return None
    return scan(ctx.blobs, Manifest(format=kind, event_time="", columns=list(schema), files=list(given)))


def _profiled(rows: pl.LazyFrame, given: Sequence[DataFile]) -> bytes:
    return digests.canonical(profile_rows(rows, sum(file.live for file in given)).to_dict())


def _newest(ctx: Context, name: str, branch: str) -> Manifest | None:
    with ctx.ws.read() as tx:
        newest = store.newest(tx, name, branch)
    return load_manifest(ctx.blobs, newest) if newest else None
