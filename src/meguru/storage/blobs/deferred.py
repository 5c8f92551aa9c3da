"""A folder of blobs whose small ones are synced later, by whoever is told of them."""

from __future__ import annotations

from meguru.storage.blobs.local import LocalStore

MAX_BYTES = 64 * 1024


class DeferredStore(LocalStore):
    """The same blobs as `store`, with a deferred fsync of the small ones; their bytes are also in `written`.

    They are in their place, but a power cut may lose them, until `pending.record` is committed for each.
    """

    def __init__(self, store: LocalStore) -> None:
        super().__init__(store.folder)
        # It is the same folder.
        self._checked = store._checked  # noqa: SLF001
        self._synced_folders = store._synced_folders  # noqa: SLF001
        # Bounds `written` as a whole: it goes over a pipe, and into one transaction.
        self._room = MAX_BYTES
        self.written: dict[str, bytes] = {}

    def put_bytes(self, data: bytes) -> str:
        """Store bytes; return their digest."""
        if not 0 < len(data) <= self._room:
            return super().put_bytes(data)
        digest = self.put_deferred(data)
        if digest not in self.written:
            self.written[digest] = data
            self._room -= len(data)
        return digest
