"""Garbage collection: free the bytes of removed versions and orphans, never those that others need."""

from contextlib import suppress
from typing import TYPE_CHECKING, cast

import msgspec
from sqlalchemy import Connection

from meguru.artifacts.integrity.sources import members
from meguru.artifacts.integrity.types import PLAIN
from meguru.base import refs
from meguru.datasets import store
from meguru.datasets.blobs import MANIFEST
from meguru.datasets.delta.storage import remove_blobs
from meguru.datasets.folders.measure import store as measurements
from meguru.datasets.orphans import AGE_SECONDS, NeededBlobs, orphans
from meguru.datasets.remove import held_by
from meguru.datasets.store import RemovedRow
from meguru.datasets.types import Garbage
from meguru.datasets.versions.compact import given_files
from meguru.datasets.versions.layout import read_manifest
from meguru.errors import DigestMismatch, NotFound
from meguru.kernel import events
from meguru.kernel.operations import Context, operation
from meguru.kernel.workspace import Workspace
from meguru.storage.blobs import BlobStore
from meguru.storage.blobs.local import LocalStore
from meguru.storage.blobs.sealed.store import SealedStore

if TYPE_CHECKING:
    from meguru.storage.blobs.base import PrunableStore

_UNREADABLE = (NotFound, DigestMismatch, ValueError, msgspec.DecodeError)
"""What a list that is lost or damaged raises; a store that does not answer ends it all."""


@operation("dataset.garbage", permission="dataset:read", query=True)
def garbage(ctx: Context, *, alone: bool = False) -> Garbage:
    """Say what would be freed of the projects that the caller sees, and how many bytes; nothing is.

    What nothing refers to is of no project: it is told to who sees all of them. See `free` for `alone`.
    """
    rows, stay, held = _not_held(ctx, store.removed(ctx.tx, ctx.visible))
    mine = _blobs_of(ctx, rows) | measurements.removed(ctx.tx, ctx.visible, besides=held)
    shared = mine & (needed(ctx.tx, ctx.blobs, mine) | stay)
    left = _orphans(ctx, ctx.tx, alone=alone) - mine - stay if ctx.visible is None else set()
    return _sum(ctx.blobs, rows, mine - shared, shared, left)


@operation("dataset.free", permission="dataset:free")
def free(ctx: Context, *, alone: bool = False) -> Garbage:
    """Free the blobs that nothing refers to, of removed versions and others; say how many bytes that gave.

    Others are freed in the workspace's own folder; elsewhere only if it is said that it is `alone`: no other
    workspace keeps blobs in the same place. What is of a dataset under a legal hold stays.

    Notes
    -----
    The transaction is open meanwhile, so no row begins to refer to a blob that goes. Who uploaded the same
    bytes a moment ago, and registers them after it, is told that they are missing, and uploads them again.
    Killed in the middle, it frees the rest when it is called again.
    """
    # Mark and sweep. Orphans are marked outside of the transaction that writes, and looked at again within
    # it: what got a reference in between is in `kept` below, and stays.
    with ctx.ws.read() as tx:  # it takes long in a large workspace: nobody waits for it
        old = _orphans(ctx, tx, alone=alone)
    rows, stay, held = _not_held(ctx, store.removed(ctx.tx))
    store.note_freed(ctx.tx, rows, ctx.now())  # the first write: from here on nobody else writes
    mine = _blobs_of(ctx, rows) | measurements.removed(ctx.tx, besides=held)
    kept = needed(ctx.tx, ctx.blobs, mine | old) | stay
    unused, shared, left = mine - kept, mine & kept, old - mine - kept
    found = _sum(ctx.blobs, rows, unused, shared, left)
    if not rows and not left:
        return found
    _delete(ctx, rows, unused | left)
    measurements.forget_removed(ctx.tx, besides=held)
    ctx.emit(
        "dataset.freed",
        refs.make("dataset", rows[0].name) if rows else refs.make("blob", "orphans"),
        data={
            "versions": found.refs,
            "blobs": found.blobs + found.orphans,
            "bytes": found.bytes + found.orphan_bytes,
        },
        project="" if not rows else None,
    )
    return found


def _not_held(ctx: Context, rows: list[RemovedRow]) -> tuple[list[RemovedRow], set[str], set[str]]:
    """Return the versions that are under no legal hold, the blobs of the others, and their datasets."""
    held = {name for name in {row.name for row in rows} if held_by(ctx, name)}
    stay = _blobs_of(ctx, [row for row in rows if row.name in held])
    return [row for row in rows if row.name not in held], stay, held


def _orphans(ctx: Context, tx: Connection, *, alone: bool) -> set[str]:
    if not (alone or _is_own(ctx.ws)):
        return set()
    return orphans(tx, ctx.blobs, ctx.now().timestamp() - AGE_SECONDS)


def _is_own(ws: Workspace) -> bool:
    """Tell whether nobody else's blobs can be where those of a workspace are: in its own folder."""
    blobs = ws.blobs.inner if isinstance(ws.blobs, SealedStore) else ws.blobs
    if ws.root is None or not isinstance(blobs, LocalStore):
        return False
    return blobs.folder.is_relative_to(ws.root)


def _delete(ctx: Context, rows: list[RemovedRow], digests: set[str]) -> None:
    kept = cast("PrunableStore", ctx.blobs)  # an operation runs where the blobs are
    # The lists of files go last: they tell what is left to free to who comes after a kill.
    depths: dict[str, int] = {}
    for row in rows:
        _deepen(ctx.blobs, row.digest, MANIFEST, 0, depths)
    # Plain blobs have no depth and come first, then lists, the deepest first.
    for digest in sorted(digests, key=lambda each: (-depths.get(each, len(depths)), each)):
        kept.delete(digest)
    remove_blobs(ctx.blobs, digests)


def _blobs_of(ctx: Context, rows: list[RemovedRow]) -> set[str]:
    """Return the blobs of these versions, whether or not something else needs them."""
    found: set[str] = set()
    seen: set[str] = set()  # versions share most parts of their lists: each is read once
    for row in rows:
        found |= {row.digest, row.profile} | _listed(ctx.blobs, row.digest, MANIFEST, seen)
        found |= _uploads(ctx.blobs, row.digest)
    return found


def _uploads(blobs: BlobStore, manifest: str) -> set[str]:
    """Return the files that a version was made from and that are here: they were uploaded."""
    with suppress(*_UNREADABLE):
        entries = given_files(read_manifest(blobs, manifest).files)
        return {entry.digest for entry in entries if blobs.has(entry.digest)}
    return set()


def _deepen(blobs: BlobStore, digest: str, form: str, depth: int, found: dict[str, int]) -> None:
    """Note how far below a version each list is: what a list names is deeper than the list."""
    if found.get(digest, -1) >= depth:
        return  # what it names was noted with it
    found[digest] = depth
    with suppress(*_UNREADABLE):  # freed before, by a process that was killed then
        for member in members(form, blobs.get_bytes(digest)):
            if member.form != PLAIN:
                _deepen(blobs, member.digest, member.form, depth + 1, found)


def needed(tx: Connection, blobs: BlobStore, among: set[str]) -> set[str]:
    """Return those of some blobs to which a row refers, itself or by a list."""
    return NeededBlobs(tx, blobs).found & among if among else set()


def delete_unneeded(ws: Workspace, digests: set[str]) -> set[str]:
    """Delete those of some blobs to which no row refers, itself or by a list; return them."""
    if not digests:
        return set()
    # The first look reads every list, and nobody waits for it. The second one reads rows and new lists, as
    # the only writer: who registers bytes asks as such whether they are there (`write.check_blobs_exist`).
    with ws.read() as tx:
        looked = NeededBlobs(tx, ws.blobs)
    if digests <= looked.found:
        return set()
    with ws.db.write() as tx:
        events.lock(tx)
        looked.look(tx)
        unneeded = digests - looked.found
        for digest in unneeded:
            cast("PrunableStore", ws.blobs).delete(digest)
    return unneeded


def _listed(blobs: BlobStore, digest: str, form: str, seen: set[str]) -> set[str]:
    if form == PLAIN or digest in seen:
        return set()
    seen.add(digest)
    try:
        listed = members(form, blobs.get_bytes(digest))
    except _UNREADABLE:
        return set()  # it is lost: meguru doctor tells
    return {member.digest for member in listed}.union(
        *(_listed(blobs, m.digest, m.form, seen) for m in listed)
    )


def _sum(
    blobs: BlobStore, rows: list[RemovedRow], unused: set[str], shared: set[str], left: set[str]
) -> Garbage:
    there, others = (_sizes(blobs, digests) for digests in (unused, left))
    return Garbage(
        refs=[refs.make("dataset", row.name, row.version) for row in rows],
        blobs=len(there),
        bytes=sum(there),
        shared=len(shared),
        orphans=len(others),
        orphan_bytes=sum(others),
    )


def _sizes(blobs: BlobStore, digests: set[str]) -> list[int]:
    """Return the bytes of each blob that is there; another may free it just now."""
    found = []
    for digest in digests:
        with suppress(NotFound):
            found.append(blobs.size(digest))
    return found
