"""Small blobs become durable in the background of a server."""

from __future__ import annotations

from meguru.kernel.workspace import Workspace
from meguru.storage.blobs.pending import BlobFlusher


def blob_flusher(ws: Workspace) -> BlobFlusher:
    """Return the thread's work for a workspace; see `BlobFlusher`."""
    return BlobFlusher(ws.db, ws.blobs)
