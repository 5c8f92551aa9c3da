"""Delete blobs that hold rows of erased persons, once nothing needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meguru.artifacts.erasure import blob_deletions
from meguru.datasets.free import delete_unneeded
from meguru.storage.blobs import pending

if TYPE_CHECKING:
    from meguru.kernel.workspace import Workspace


def delete_erased_blobs(ws: Workspace) -> None:
    """Delete what an erasure left behind, unless something else needs it; also what a killed one left."""
    pending.flush(ws.db, ws.blobs)  # else the database had copies, from which a blob is mended
    with ws.read() as tx:
        gone = blob_deletions.pending(tx)
    # Equal bytes may be in a version or an artifact that has nothing to do with the person's rows.
    deleted = delete_unneeded(ws, gone)
    with ws.db.write() as tx:
        blob_deletions.clear_deleted(tx, deleted)
