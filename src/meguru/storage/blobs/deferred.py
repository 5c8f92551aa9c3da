"""A folder of blobs whose small ones are made durable by whoever is told of them."""

from __future__ import annotations

from meguru.storage.blobs.local import LocalStore

LARGEST = 64 * 1024


class SoonStore(LocalStore):
    """The same blobs as `store`; of the small ones that are put, the bytes are also in `written`.

    They are in their place, but a power cut may lose them, until `pending.keep` is committed for each.
    """

    def __init__(self, store: LocalStore) -> None:
        super().__init__(store.folder)
        self._checked = store._checked  # noqa: SLF001 - it is the same folder
        self._room = LARGEST
        self.written: dict[str, bytes] = {}

    def put_bytes(self, data: bytes) -> str:
        """Store bytes; return their digest."""
        if not 0 < len(data) <= self._room:
            return super().put_bytes(data)
        digest = self.put_soon(data)
        if digest not in self.written:
            self.written[digest] = data
            self._room -= len(data)
        return digest
