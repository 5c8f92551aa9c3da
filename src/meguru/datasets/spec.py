"""What people say of datasets: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import msgspec
from sqlalchemy import Connection, insert, select, update

from meguru.base import digests, refs
from meguru.datasets import store
from meguru.datasets.expectations.read import expectations_of
from meguru.datasets.expectations.reference import Reference
from meguru.datasets.kind import DatasetSpec
from meguru.datasets.manifest import load_manifest
from meguru.datasets.personal.column_specs import check_columns
from meguru.datasets.personal.private_blobs import note_all_private_files
from meguru.datasets.pulls import store as pulls
from meguru.datasets.schema import dataset
from meguru.datasets.sources.spec import SourceSpec, check_source
from meguru.datasets.types import FileEntry, Retention
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.operations import Context
from meguru.kernel.projects import condition

_MAX_COLUMNS = 100
_MAX_LENGTH = {"description": 100_000, "owner": 200, "time": 200}
_PERCENT = 100
_MAX_RETAINED = 1_000_000
_NEWEST = 20


def find(tx: Connection, name: str) -> DatasetSpec | None:
    """Return the present spec; None if there is no such dataset, or nothing was said of it."""
    found = tx.execute(select(dataset.c.spec).where(dataset.c.name == name)).scalar()
    return None if found is None else msgspec.convert(found, DatasetSpec)


def find_many(tx: Connection, names: Sequence[str]) -> dict[str, DatasetSpec]:
    """Return the present specs of those of these names of which something is said."""
    rows = tx.execute(select(dataset.c.name, dataset.c.spec).where(dataset.c.name.in_(names)))
    return {row.name: msgspec.convert(row.spec, DatasetSpec) for row in rows if row.spec is not None}


def names(tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
    """Return the names of the datasets of some projects (None: of all) of which something is said, sorted."""
    mine = dataset.c
    query = select(mine.name, mine.spec).where(mine.retired_at.is_(None), condition(mine.name, projects))
    return [row.name for row in tx.execute(query.order_by(mine.name)) if row.spec is not None]


def check(ctx: Context, name: str, spec: DatasetSpec) -> DatasetSpec:
    """Return the spec as it is; refuse what is too long, or could never hold."""
    for field, longest in _MAX_LENGTH.items():
        if len(getattr(spec, field)) > longest:
            raise InvalidInput(f"the {field} is too long", field=field, why=f"up to {longest:,} characters")
    checks = spec.checks
    for field, found in (("key", spec.key), ("checks", [*checks.unique, *checks.null_pct])):
        if len(found) > _MAX_COLUMNS or any(not 0 < len(each) <= _MAX_LENGTH["time"] for each in found):
            raise InvalidInput(
                "these are no columns", field=field, why=f"up to {_MAX_COLUMNS} names of columns"
            )
    if not 0 <= checks.row_count_min < 1 << 62:
        raise InvalidInput("there are zero or more rows", field="checks.row_count_min")
    for column, most in checks.null_pct.items():
        if not (math.isfinite(most) and 0 <= most <= _PERCENT):
            why = f"it is {most} for {column!r}"
            raise InvalidInput("a percentage is from 0 to 100", field="checks.null_pct", why=why)
    _check_kept(spec.keep)
    for each in expectations_of(spec.expect):
        if isinstance(each, Reference):
            _check_seen(ctx, refs.within(refs.project_of(name), each.dataset))
    check_columns(spec.columns)
    if spec.content:
        digests.check_digest(spec.content, field="content")
    if spec.source is not None:
        _check_source(ctx, spec)
    return spec


def _check_kept(rule: Retention) -> None:
    if not (0 <= rule.last <= _MAX_RETAINED and math.isfinite(rule.days) and 0 <= rule.days <= _MAX_RETAINED):
        why = f"up to {_MAX_RETAINED:,} versions and days; 0 says nothing"
        raise InvalidInput("this is no rule of what is kept", field="keep", why=why)


def _check_seen(ctx: Context, other: str) -> None:
    """Refuse to look into a dataset that who declares it may not see."""
    project = refs.project_of(refs.parse(other, kind="dataset").name)
    if not ctx.principal.allows("dataset:read", project):
        raise NotFound.of("dataset", other, [])


def uses(name: str, spec: DatasetSpec) -> list[str]:
    """Return nothing: what is said of a dataset is made from nothing."""
    del name, spec
    return []


def save(ctx: Context, name: str, spec: DatasetSpec) -> None:
    """Write the spec; a dataset that is not there yet gets its name, without a version.

    Raises
    ------
    InvalidInput
        If no version has the files that the spec brings along: they are registered first.
    """
    if spec.content and not _is_registered(ctx, name, spec.content):
        why = "none of its newest versions has the files of this digest"
        raise InvalidInput("the files were not registered", field="content", why=why, hint="meguru apply")
    before = find(ctx.tx, name)
    values = {"spec": msgspec.to_builtins(spec), "retired_at": None}
    # The first version, too, makes the row: whichever comes first.
    if ctx.tx.execute(update(dataset).where(dataset.c.name == name).values(values)).rowcount == 0:
        new = values | {"name": name, "latest": 0, "created_at": ctx.now()}
        ctx.tx.execute(insert(dataset).values(new))
    if spec.columns and (before is None or before.columns != spec.columns):
        note_all_private_files(ctx, name, spec)
    _schedule(ctx, name, spec.source)


def _check_source(ctx: Context, spec: DatasetSpec) -> None:
    from meguru.datasets.sources import check_declared

    if spec.content:
        raise InvalidInput("rows come from files, or from a source, not from both", field="source")
    assert spec.source is not None  # noqa: S101 - who calls has looked
    check_source(spec.source, spec.key, ctx.now())
    check_declared(ctx.ws, spec.source)


def _schedule(ctx: Context, name: str, source: SourceSpec | None) -> None:
    """Say when a source is read next: one that was never read at once, if it is read by itself at all."""
    before = pulls.find(ctx.tx, name)
    if source is None:
        if before is not None and not before.pull:
            pulls.forget(ctx.tx, name)
        return
    # A read that is under way keeps its row; only its next moment changes.
    pulls.lock(ctx.tx, name)
    next_at = source.following(ctx.now())
    pulls.set_turn(ctx.tx, name, next_at=ctx.now() if before is None and next_at else next_at, failures=0)


def retire(ctx: Context, name: str) -> None:
    """Take a dataset out of use: it is in no list any more, and its versions stay."""
    _schedule(ctx, name, None)
    ctx.tx.execute(update(dataset).where(dataset.c.name == name).values(spec=None, retired_at=ctx.now()))


def spec_of(tx: Connection, name: str) -> DatasetSpec:
    """Return what is said of a dataset that may not be there yet."""
    return find(tx, name) or DatasetSpec()


def content_of(files: list[FileEntry]) -> str:
    """Return the digest of a list of files: their names and bytes, in the order of their names."""
    listed = sorted(files, key=lambda each: each.path)
    return digests.of_value([[each.path, each.digest, each.size] for each in listed])


def _is_registered(ctx: Context, name: str, content: str) -> bool:
    for version in store.versions(ctx.tx, name, before=None, limit=_NEWEST):
        manifest = load_manifest(ctx.blobs, version)
        given = [file.source or file for file in manifest.files]
        files = [FileEntry(path=f.path, digest=f.digest, size=f.size) for f in given]
        if content in {manifest.content, content_of(files)}:
            return True
    return False
