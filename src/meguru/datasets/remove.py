"""Take versions out of use: nobody reads them any more, and their lineage stays."""

from sqlalchemy import Connection

from meguru.artifacts.holds.store import held, in_force
from meguru.base import refs
from meguru.datasets import store
from meguru.datasets.expectations.store import forget_samples
from meguru.datasets.folders.measure import store as measurements
from meguru.datasets.spec import spec_of
from meguru.datasets.types import DatasetUse, DatasetVersion, RemovedVersions
from meguru.datasets.versions import named
from meguru.errors import Conflict
from meguru.kernel.kinds import provided
from meguru.kernel.operations import Context, operation

USERS = "dataset user"
"""The family of those who need versions of datasets: ``f(tx, ref) -> list[DatasetUse]``."""
_PAGE = 1000


@operation("dataset.remove", permission="dataset:remove", on="ref")
def remove(ctx: Context, *, ref: str, reason: str = "", force: bool = False) -> RemovedVersions:
    """Remove one version (``flights@3``), or all of a dataset (``flights``).

    A version that something live or running needs, or a tag or branch holds, is kept, unless `force` says
    otherwise. Its number is not given again. The bytes are freed by ``dataset.free``.

    Raises
    ------
    Conflict
        If something needs a version; nothing is removed then.
    """
    # Held before it is asked what needs them, so that nobody tags one meanwhile.
    store.lock(ctx.tx, store.resolve(ctx.tx, ref, ctx.readable).name, ctx.now())
    versions = _versions_meant(ctx, ref)
    if not force:
        for version in versions:
            check_unused(ctx, version.ref)
    remove_versions(ctx, versions, reason=reason)
    return RemovedVersions(
        refs=[dataset_version.ref for dataset_version in versions],
        bytes=sum(dataset_version.bytes for dataset_version in versions),
    )


def remove_versions(ctx: Context, found: list[DatasetVersion], *, reason: str) -> None:
    """Remove versions of one dataset, with their tags and branches, and tell of it; the caller holds it."""
    name, numbers = found[0].name, [version.version for version in found]
    mark_removed(ctx, name, numbers)
    named.drop_names(ctx.tx, name, numbers)
    for version in found:
        ctx.emit(
            "dataset_version.removed",
            version.ref,
            data={"digest": version.digest, "rows": version.rows, "bytes": version.bytes, "reason": reason},
        )


def mark_removed(ctx: Context, name: str, numbers: list[int]) -> None:
    """Mark versions as removed, with what was shown and measured of them; Conflict if they are held."""
    if why := held_by(ctx, name):
        raise held(refs.make("dataset", name), why)
    for begin in range(0, len(numbers), _PAGE):  # a statement takes some ten thousand values, no more
        some = numbers[begin : begin + _PAGE]
        store.remove(ctx.tx, name, some, ctx.now())
        forget_samples(ctx.tx, name, some)
        measurements.remove(ctx.tx, name, some, ctx.now())


def held_by(ctx: Context, name: str) -> str:
    """Return why a dataset is under a legal hold, by its declaration too; empty if it is not."""
    ref, project = refs.make("dataset", name), refs.project_of(name)
    return spec_of(ctx.tx, name).hold or in_force(ctx.tx, ctx.now()).of_thing(ref, project)


def _versions_meant(ctx: Context, ref: str) -> list[DatasetVersion]:
    newest = store.resolve(ctx.tx, ref, ctx.readable)
    if refs.parse(ref, kind="dataset").version is not None:
        return [newest]
    lines = ["", *(dataset_branch.branch for dataset_branch in named.branches(ctx.tx, newest.name))]
    return [version for line in lines for version in of_line(ctx.tx, newest.name, line)]


def of_line(tx: Connection, name: str, branch: str) -> list[DatasetVersion]:
    """Return all versions of the main line (empty), or of a branch, newest first."""
    # In pages: a dataset that grows every minute has hundreds of thousands of versions.
    versions: list[DatasetVersion] = []
    while page := store.versions(
        tx, name, before=versions[-1].version if versions else None, limit=_PAGE, branch=branch
    ):
        versions += page
    return versions


def needed_by(tx: Connection, ref: str) -> list[DatasetUse]:
    """Return what needs a version: what is live or running, and the tags and branches that hold it."""
    family = provided(USERS)
    users: list[DatasetUse] = [use for name in family.names() for use in family.load(name)(tx, ref)]
    name, number = refs.parse(ref, kind="dataset")[1:]
    return users + [DatasetUse(ref=each, how="held") for each in named.names_of(tx, name, int(number or 0))]


def check_unused(ctx: Context, ref: str) -> None:
    """Refuse to remove a version that something needs; see `needed_by`."""
    users = needed_by(ctx.tx, ref)
    if users:
        shown = ", ".join(f"{use.ref} ({use.how})" for use in users[:5])
        raise Conflict(
            f"{ref} is needed",
            where=ref,
            why=shown + (", …" if len(users) > 5 else ""),
            hint="remove it all the same with --force: what was made from it can't be made again then",
        )
