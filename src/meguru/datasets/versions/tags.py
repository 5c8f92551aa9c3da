"""Give versions names: tags that hold them, and rolling back to what one was."""

import msgspec

from meguru.base import refs
from meguru.datasets import store
from meguru.datasets.types import DatasetVersion
from meguru.datasets.versions import named
from meguru.datasets.versions.types import DatasetTag
from meguru.datasets.write import check_follows, emit_version
from meguru.errors import Conflict, NotFound
from meguru.kernel.operations import Context, operation


@operation("dataset.tag", permission="dataset:write", on="ref")
def tag(ctx: Context, *, ref: str, tag: str, move: bool = False) -> DatasetTag:
    """Give a version a name, so that ``flights@NAME`` means it; a tagged version is not removed.

    Raises
    ------
    Conflict
        If another version has the name, and it is not to `move`; or a branch has it.
    """
    tag = named.check("tag", tag)
    version = store.resolve(ctx.tx, ref, ctx.readable)
    name = version.name
    store.lock(ctx.tx, name, ctx.now())
    # Tags and branches share one space of names: `NAME@x` must mean one of them.
    if tag in {dataset_branch.branch for dataset_branch in named.branches(ctx.tx, name)}:
        raise Conflict(f"a branch of {name!r} is called {tag!r}", hint="take another name")
    there = named.find_tag(ctx.tx, name, tag)
    if there and there.version == version.version:
        return there
    before = refs.make("dataset", name, there.version) if there else ""
    if there and not move:
        raise Conflict(
            f"{before} is tagged {tag!r}", where=before, hint="move the tag with --move, or take another name"
        )
    dataset_tag = DatasetTag(
        name=name,
        tag=tag,
        version=version.version,
        created_at=ctx.now(),
        created_by=ctx.principal.name,
    )
    named.add_tag(ctx.tx, dataset_tag)
    ctx.emit("dataset_version.tagged", version.ref, data={"tag": tag, "before": before})
    return dataset_tag


@operation("dataset.untag", permission="dataset:write", on="name")
def untag(ctx: Context, *, name: str, tag: str) -> DatasetTag:
    """Take a tag away; the version stays."""
    name = store.resolve(ctx.tx, name, ctx.readable).name
    dataset_tag = named.find_tag(ctx.tx, name, tag)
    if dataset_tag is None:
        known = [each.tag for each in named.tags(ctx.tx, name)]
        raise NotFound.of("tag", tag, known)
    named.drop_tag(ctx.tx, name, tag)
    ctx.emit("dataset_version.untagged", refs.make("dataset", name, dataset_tag.version), data={"tag": tag})
    return dataset_tag


@operation("dataset.tags", permission="dataset:read", query=True, on="name")
def tags(ctx: Context, *, name: str) -> list[DatasetTag]:
    """List the tags of a dataset, by name."""
    return named.tags(ctx.tx, store.resolve(ctx.tx, name, ctx.readable).name)


@operation("dataset.rollback", permission="dataset:write", on="ref")
def rollback(ctx: Context, *, ref: str, note: str = "", follows: str = "") -> DatasetVersion:
    """Make what a version was (``flights@3``) the newest version again; what came after it stays too.

    It writes no rows. The newest version itself is returned if it is that already.

    Raises
    ------
    Conflict
        If there is a newer version than the one that it follows.
    """
    wanted = store.resolve(ctx.tx, ref, ctx.readable)
    # A version never changes, so it may be looked up without the lock; which is the newest may change.
    newest = store.lock(ctx.tx, wanted.name, ctx.now())
    check_follows(newest, follows)
    if newest and newest.digest == wanted.digest:
        return newest
    version = write_again(ctx, wanted, note or f"back to {wanted.ref}")
    emit_version(ctx, version, newest, "rollback", [wanted.ref])
    return version


def write_again(ctx: Context, wanted: DatasetVersion, note: str) -> DatasetVersion:
    """Write what a version has as the next one of the main line; the caller tells of it."""
    number = store.next_number(ctx.tx, wanted.name)
    version = msgspec.structs.replace(
        wanted,
        ref=refs.make("dataset", wanted.name, number),
        version=number,
        note=note,
        created_at=ctx.now(),
        created_by=ctx.principal.name,
        branch="",
    )
    store.add(ctx.tx, version)
    return version
