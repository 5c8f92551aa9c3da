"""A blob store that stores nothing: it computes what the digests would be, such as for a plan."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from meguru.base import digests
from meguru.storage.blobs.base import missing


class DigestOnlyBlobs:
    """Returns digests and sizes of bytes, and stores none."""

    url = ""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}

    def put_bytes(self, data: bytes) -> str:
        """Return the digest of bytes."""
        digest = digests.of_bytes(data)
        self._sizes[digest] = len(data)
        return digest

    def put_file(self, path: Path) -> str:
        """Return the digest of a file's content."""
        with path.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        self._sizes[digest] = path.stat().st_size
        return digest

    def put_chunks(self, chunks: Iterable[bytes | memoryview]) -> str:
        """Return the digest of bytes that come in pieces, in bounded memory."""
        seen, size = hashlib.sha256(), 0
        for chunk in chunks:
            seen.update(chunk)
            size += len(chunk)
        digest = seen.hexdigest()
        self._sizes[digest] = size
        return digest

    def get_bytes(self, digest: str) -> bytes:
        """Refuse: nothing was kept."""
        raise missing(digest)

    def path(self, digest: str) -> Path:
        """Refuse: nothing was kept."""
        raise missing(digest)

    def has(self, digest: str) -> bool:
        """Tell whether such bytes were given."""
        return digest in self._sizes

    def size(self, digest: str) -> int:
        """Return the number of bytes that were given."""
        if digest not in self._sizes:
            raise missing(digest)
        return self._sizes[digest]

    def verify(self, digest: str) -> None:
        """Refuse: nothing was kept."""
        raise missing(digest)
