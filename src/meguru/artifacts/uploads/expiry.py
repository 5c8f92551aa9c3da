"""What uploads leave that nobody completed: removed once their deadline has passed."""

from __future__ import annotations

from meguru.artifacts.uploads import store
from meguru.artifacts.uploads.types import LIFETIME
from meguru.base.ticker import Ticker
from meguru.kernel.workspace import Workspace
from meguru.storage.blobs.parts import parts_of


class ExpiredUploads(Ticker):
    """Removes what is left of uploads, every ten minutes: in an object store a look is a request."""

    name = "removal of uploads that nobody completed"
    pause = 600.0

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws

    def tick(self) -> int:
        """Look once."""
        return sweep(self._ws)


def sweep(ws: Workspace) -> int:
    """Forget expired uploads and remove parts that no upload waits for; return how many uploads.

    Parts without an upload are left by a server that was killed while it took one in, or while it ended the
    upload. Several workspaces may share the place, so those of today are left alone.
    """
    parts, now = parts_of(ws.blobs, ws.cache_folder("uploads")), ws.clock.now()
    with ws.read() as tx:
        late = store.expired(tx, now)
    if late:
        with ws.db.write() as tx:
            for upload in late:
                store.remove(tx, upload.id)
    # The rows first: a part that comes in meanwhile finds no upload, and removes its bytes itself.
    for upload in late:
        parts.drop(upload.id)
    old = [id for id, touched in parts.uploads() if touched < now - LIFETIME]
    with ws.read() as tx:
        waited_for = store.open_among(tx, old)
    for id in old:
        if id not in waited_for:
            parts.drop(id)
    return len(late)
