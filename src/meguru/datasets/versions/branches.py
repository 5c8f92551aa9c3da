"""Branches: a line of versions for a trial, which is taken over when it is good, or dropped."""

from typing import NamedTuple

from sqlalchemy import Connection

from meguru.base import refs
from meguru.datasets import store
from meguru.datasets.manifest import load_manifest
from meguru.datasets.redaction import personal_columns
from meguru.datasets.remove import check_unused, mark_removed, of_line
from meguru.datasets.spec import spec_of
from meguru.datasets.types import DatasetVersion, Manifest
from meguru.datasets.versions import named
from meguru.datasets.versions.merge import merged
from meguru.datasets.versions.tags import write_again
from meguru.datasets.versions.types import DatasetBranch
from meguru.datasets.write import emit_version, write_version
from meguru.errors import Conflict
from meguru.kernel.operations import Context, operation


@operation("dataset.branch", permission="dataset:write", on="ref")
def branch(ctx: Context, *, ref: str, branch: str) -> DatasetBranch:
    """Begin a line of versions at a version (``flights@3``); ``flights@BRANCH`` means its newest one.

    What is registered on it is a trial: nothing that waits for new data takes it up.

    Raises
    ------
    Conflict
        If there is a branch or a tag of that name.
    """
    branch = named.check("branch", branch)
    version = store.resolve(ctx.tx, ref, ctx.readable)
    name = version.name
    # Branches and tags share their names: who makes either holds the dataset while the other is looked for.
    store.lock(ctx.tx, name, ctx.now())
    if branch in {each.branch for each in named.branches(ctx.tx, name)}:
        raise Conflict(
            f"{name!r} has a branch {branch!r} already", hint=f"meguru data add {name}@{branch} FILE"
        )
    if named.find_tag(ctx.tx, name, branch):
        raise Conflict(f"a version of {name!r} is tagged {branch!r}", hint="take another name")
    dataset_branch = DatasetBranch(
        name=name,
        branch=branch,
        base=version.version,
        latest=version.version,
        created_at=ctx.now(),
        created_by=ctx.principal.name,
    )
    named.add_branch(ctx.tx, dataset_branch)
    ctx.emit(
        "dataset_branch.created", refs.make("dataset", name), data={"branch": branch, "base": version.ref}
    )
    return dataset_branch


@operation("dataset.branches", permission="dataset:read", query=True, on="name")
def branches(ctx: Context, *, name: str) -> list[DatasetBranch]:
    """List the branches of a dataset, by name."""
    return named.branches(ctx.tx, store.resolve(ctx.tx, name, ctx.readable).name)


@operation("dataset.merge", permission="dataset:write", on="name")
def merge(ctx: Context, *, name: str, branch: str, note: str = "") -> DatasetVersion:
    """Make what the newest version of a branch has the newest version of the dataset; the branch stays.

    If the dataset got other versions since the branch began, the rows that the branch added, changed and
    deleted are changed there too, by the key. No version is made when there is nothing new.

    Raises
    ------
    Conflict
        If the dataset changed since and has no key, or a row was changed in both.
    """
    with ctx.ws.read() as tx:
        name = store.resolve(tx, name, ctx.readable).name
        seen = _ends(tx, name, branch)
    # Rows are compared and written before the transaction that all other writers wait for.
    manifest = _merged(ctx, seen) if seen.diverged else None
    store.lock(ctx.tx, name, ctx.now())
    ends = _ends(ctx.tx, name, branch)
    head, newest = ends.head, ends.newest
    if newest is None or newest.digest == head.digest:
        return newest or head
    said = note or f"merged the branch {branch}"
    if ends.is_ahead:
        dataset_version = write_again(ctx, head, said)
    elif not ends.diverged:
        return newest
    else:
        if manifest is None or ends != seen:  # somebody wrote meanwhile
            manifest = _merged(ctx, ends)
        before = load_manifest(ctx.blobs, newest)
        dataset_version = write_version(ctx, manifest, name=name, note=said, before=before)
    # The branch begins again at what was merged: else the next merge would see its old changes as new.
    named.rebase(ctx.tx, name, branch, dataset_version.version)
    emit_version(ctx, dataset_version, newest, "merge", [head.ref])
    return dataset_version


class _Ends(NamedTuple):
    """Where a branch began, its newest version, and that of the main line (None: it has none any more)."""

    base: DatasetVersion
    head: DatasetVersion
    newest: DatasetVersion | None

    @property
    def is_ahead(self) -> bool:
        """Whether the main line is as it was when the branch began."""
        newest, base = self.newest, self.base
        return newest is not None and (newest.version == base.version or newest.digest == base.digest)

    @property
    def diverged(self) -> bool:
        """Whether both lines changed since, each in its own way."""
        if self.newest is None or self.newest.digest == self.head.digest or self.is_ahead:
            return False
        return self.head.digest != self.base.digest


def _ends(tx: Connection, name: str, branch: str) -> _Ends:
    line = named.branch(tx, name, branch)
    return _Ends(store.get(tx, name, line.base), store.get(tx, name, line.latest), store.newest(tx, name))


def _merged(ctx: Context, ends: _Ends) -> Manifest:
    base, head, newest = ends
    assert newest is not None  # noqa: S101 - both lines have changed
    with ctx.ws.read() as tx:
        personal = personal_columns(spec_of(tx, newest.name))
    return merged(ctx.blobs, base, head, newest, personal)


@operation("dataset.drop_branch", permission="dataset:write", on="name")
def drop_branch(ctx: Context, *, name: str, branch: str) -> DatasetBranch:
    """Take a branch away, and remove the versions that were made on it; their bytes are freed later.

    Raises
    ------
    Conflict
        If something needs one of its versions.
    """
    name = store.resolve(ctx.tx, name, ctx.readable).name
    # Held first: a version that is written on the branch from now on finds that there is no branch.
    store.lock(ctx.tx, name, ctx.now())
    line = named.branch(ctx.tx, name, branch)
    versions = of_line(ctx.tx, name, branch)
    named.drop_branch(ctx.tx, name, branch)
    for dataset_version in versions:
        check_unused(ctx, dataset_version.ref)
    mark_removed(ctx, name, [each.version for each in versions])
    latest = refs.make("dataset", name, line.latest)
    ctx.emit("dataset_branch.dropped", refs.make("dataset", name), data={"branch": branch, "latest": latest})
    return line
