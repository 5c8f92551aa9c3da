"""Free the bytes of removed versions: never those that anything else needs."""

from contextlib import suppress
from typing import TYPE_CHECKING, cast

from sqlalchemy import Connection

from meguru.artifacts.integrity.sources import every_source, members
from meguru.artifacts.integrity.types import PLAIN
from meguru.base import refs
from meguru.datasets import store
from meguru.datasets.blobs import MANIFEST
from meguru.datasets.delta.places import forget
from meguru.datasets.folders.measure import store as measurements
from meguru.datasets.store import RemovedRow
from meguru.datasets.types import Garbage
from meguru.datasets.versions.compact import given_files
from meguru.datasets.versions.layout import read_manifest
from meguru.errors import MeguruError, NotFound
from meguru.kernel.operations import Context, operation
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    from meguru.storage.blobs.base import PrunableStore

_PAGE = 1000


@operation("dataset.garbage", permission="dataset:read", query=True)
def garbage(ctx: Context) -> Garbage:
    """Say what would be freed of the projects that the caller sees, and how many bytes; nothing is."""
    rows = store.removed(ctx.tx, ctx.visible)
    return _sum(ctx.blobs, rows, *_sorted_out(ctx, rows, measurements.removed(ctx.tx, ctx.visible)))


@operation("dataset.free", permission="dataset:free")
def free(ctx: Context) -> Garbage:
    """Free the blobs of removed versions that nothing else refers to, and say how many bytes that gave.

    Notes
    -----
    The transaction is open meanwhile, so no row begins to refer to a blob that goes. Who uploaded the same
    bytes a moment ago, and registers them after it, is told that they are missing, and uploads them again.
    Killed in the middle, it frees the rest when it is called again.
    """
    rows = store.removed(ctx.tx)
    store.note_freed(ctx.tx, rows, ctx.now())  # the first write: from here on nobody else writes
    unused, shared = _sorted_out(ctx, rows, measurements.removed(ctx.tx))
    found = _sum(ctx.blobs, rows, unused, shared)
    if not rows:
        return found
    kept = cast("PrunableStore", ctx.blobs)  # an operation runs where the blobs are
    # The lists of files go last: they tell what is left to free to who comes after a kill.
    depths: dict[str, int] = {}
    for row in rows:
        _deepen(ctx.blobs, row.digest, MANIFEST, 0, depths)
    for digest in sorted(unused, key=lambda each: (-depths.get(each, len(depths)), each)):
        kept.delete(digest)
    forget(ctx.blobs, unused)
    measurements.forget_removed(ctx.tx)
    ctx.emit(
        "dataset.freed",
        refs.make("dataset", rows[0].name),
        data={"versions": found.refs, "blobs": found.blobs, "bytes": found.bytes},
    )
    return found


def _sorted_out(ctx: Context, rows: list[RemovedRow], mine: set[str]) -> tuple[set[str], set[str]]:
    """Return the blobs of these versions, and `mine`: what nothing else needs, and what something does."""
    for row in rows:
        mine |= {row.digest, row.profile} | _listed(ctx.blobs, row.digest, MANIFEST, set())
        mine |= _uploads(ctx.blobs, row.digest)
    return mine - (kept := needed(ctx.tx, ctx.blobs, mine)), kept


def _uploads(blobs: BlobStore, manifest: str) -> set[str]:
    """Return the files that a version was made from and that are here: they were uploaded."""
    with suppress(NotFound):
        given = given_files(read_manifest(blobs, manifest).files)
        return {each.digest for each in given if blobs.has(each.digest)}
    return set()


def _deepen(blobs: BlobStore, digest: str, form: str, depth: int, found: dict[str, int]) -> None:
    """Note how far below a version each list is: what a list names is deeper than the list."""
    found[digest] = max(depth, found.get(digest, 0))
    with suppress(NotFound):  # freed before, by a process that was killed then
        for each in members(form, blobs.get_bytes(digest)):
            if each.form != PLAIN:
                _deepen(blobs, each.digest, each.form, depth + 1, found)


def needed(tx: Connection, blobs: BlobStore, among: set[str]) -> set[str]:
    """Return those of some blobs to which a row refers, itself or by a list."""
    found: set[str] = set()
    seen: set[str] = set()
    for source in every_source().values() if among else ():
        after: list[object] = []
        while True:
            references, after = source.page(tx, after, _PAGE)
            for reference in references:
                if reference.digest in among:
                    found.add(reference.digest)
                found |= _listed(blobs, reference.digest, reference.form, seen) & among
            if not after:
                break
    return found


def _listed(blobs: BlobStore, digest: str, form: str, seen: set[str]) -> set[str]:
    if form == PLAIN or digest in seen:
        return set()
    seen.add(digest)
    try:
        listed = members(form, blobs.get_bytes(digest))
    except (MeguruError, ValueError):
        return set()  # it is lost: meguru doctor tells
    return {each.digest for each in listed}.union(*(_listed(blobs, m.digest, m.form, seen) for m in listed))


def _sum(blobs: BlobStore, rows: list[RemovedRow], unused: set[str], shared: set[str]) -> Garbage:
    there = [digest for digest in unused if blobs.has(digest)]
    return Garbage(
        refs=[refs.make("dataset", row.name, row.version) for row in rows],
        blobs=len(there),
        bytes=sum(blobs.size(digest) for digest in there),
        shared=len(shared),
    )
