"""Turn on the encryption of blobs, and bring those that are there under the present key."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from meguru.artifacts.kind import BLOB
from meguru.base import refs
from meguru.errors import Conflict, DigestMismatch, MeguruError, NotFound, UsageError
from meguru.kernel.operations import Context, InternalOperation
from meguru.storage.blobs import pending
from meguru.storage.blobs.local import fsync_path
from meguru.storage.blobs.sealed.store import SealedStore
from meguru.storage.blobs.sealed.wrappers import new_key, wrapper_of

if TYPE_CHECKING:
    from meguru.kernel.workspace import Workspace

MARKER = "blobs.sealed"
"""The file of a workspace's folder that names what wraps the keys of its blobs."""
_ENCRYPT = InternalOperation(BLOB, "encrypt")


class SealedBlobs(msgspec.Struct, frozen=True, kw_only=True):
    """How many blobs there are by the key that wrapped theirs; empty for those that are not encrypted."""

    key: str
    place: str
    blobs: dict[str, int]


def turn_on(ws: Workspace, said: str) -> None:
    """Have new blobs of a workspace's folder encrypted; a file that holds no key yet gets one.

    Raises
    ------
    UsageError
        If the workspace's blobs are where a setting says: that setting says it then.
    """
    if ws.root is None or ws.settings.blobs:
        raise UsageError(
            "the place of the blobs is set",
            where="MEGURU_BLOBS",
            hint="set it to sealed+PLACE?key=file:/etc/meguru/blob.key",
        )
    kind, _, place = said.partition(":")
    path = Path(place).absolute()
    if kind in {"file", "age"}:
        said = f"{kind}:{path}"
        if path.resolve().is_relative_to(ws.root.resolve()):
            hint = "who copies the workspace would copy the key: put it elsewhere, and keep a copy apart"
            raise UsageError("the key can't be in the workspace's folder", where=place, hint=hint)
    if kind == "file" and not path.exists():
        new_key(path)
    wrapper_of(said)
    pending.flush(ws.db, ws.blobs)  # the database has copies of small ones, in clear
    # Whole or not at all: a workspace with half a marker could not be opened. The file is synced before it
    # gets its name, and the folder after it.
    draft = ws.root / f"{MARKER}.new"
    draft.write_text(said + "\n", "utf-8")
    fsync_path(draft)
    draft.replace(ws.root / MARKER)
    fsync_path(ws.root)
    _tell(ws, said, 0)


def under_present_key(ws: Workspace) -> Iterator[int]:
    """Encrypt blobs that are not, and wrap the keys of others by the present one; give how many, as it goes.

    It may be ended and begun again at any moment. What is damaged, or whose key is lost, stays as it is, and
    the first of it is raised once the others are done.
    """
    store, count = sealed_store(ws), 0
    failed: MeguruError | None = None
    for digest in store.listed(time.time() + 1):
        try:
            count += store.encrypt(digest)
        except NotFound:  # it was freed meanwhile
            continue
        except (Conflict, DigestMismatch) as error:
            failed = failed or error
        yield count
    if count:
        _tell(ws, store.key, count)
    if failed is not None:
        raise failed


def state_of(ws: Workspace) -> SealedBlobs:
    """Count blobs by their keys."""
    store, counts = sealed_store(ws), Counter[str]()
    for digest in store.listed(time.time() + 1):
        with suppress(NotFound):
            counts[store.key_of(digest)] += 1
    return SealedBlobs(key=store.wrapper.id, place=store.key, blobs=dict(counts))


def rotate(ws: Workspace) -> None:
    """Put a new key before those in the file: new blobs are under it, others once they are brought there."""
    kind, _, place = sealed_store(ws).key.partition(":")
    if kind != "file":
        raise UsageError("only keys in a file are changed here", hint="change it where it is, and rewrap")
    new_key(Path(place))


def sealed_store(ws: Workspace) -> SealedStore:
    """Return the workspace's store if it encrypts."""
    if not isinstance(ws.blobs, SealedStore):
        raise UsageError(
            "blobs are not encrypted here", hint="meguru blob encrypt --key file:/etc/meguru/blob.key"
        )
    return ws.blobs


def _tell(ws: Workspace, said: str, count: int) -> None:
    def emit(ctx: Context) -> None:
        ctx.emit("blob.encrypted", refs.make("blob", "all"), data={"key": said, "blobs": count}, project="")

    _ENCRYPT.commit(ws, emit)
