"""Small blobs become durable in the background of a server."""

from __future__ import annotations

from meguru.kernel.workspace import Workspace
from meguru.storage.blobs.pending import Settler


def settler(ws: Workspace) -> Settler:
    """Return the thread's work for a workspace; see `Settler`."""
    return Settler(ws.db, ws.blobs)
