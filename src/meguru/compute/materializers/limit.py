"""A blob store that takes only so much of one step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from meguru.errors import InvalidInput
from meguru.storage.blobs import BlobStore


class Limited:
    """Passes everything on to `store`, until more than `most` bytes were put; then it refuses.

    A stream is refused while it comes, so that no more than `most` bytes are ever written.
    """

    def __init__(self, store: BlobStore, most: int) -> None:
        self.store, self.most, self.put = store, most, 0
        self.url = store.url

    def put_bytes(self, data: bytes) -> str:
        """Store bytes; return their digest."""
        self._count(len(data))
        return self.store.put_bytes(data)

    def put_file(self, path: Path) -> str:
        """Store a file's content; return its digest."""
        self._count(path.stat().st_size if path.is_file() else 0)
        return self.store.put_file(path)

    def put_chunks(self, chunks: Iterable[bytes | memoryview]) -> str:
        """Store the bytes that come in pieces; return their digest."""
        return self.store.put_chunks(self._counted(chunks))

    def get_bytes(self, digest: str) -> bytes:
        """Return the bytes."""
        return self.store.get_bytes(digest)

    def path(self, digest: str) -> Path:
        """Return a local file that holds the bytes."""
        return self.store.path(digest)

    def has(self, digest: str) -> bool:
        """Tell whether the blob is there."""
        return self.store.has(digest)

    def size(self, digest: str) -> int:
        """Return the number of bytes."""
        return self.store.size(digest)

    def verify(self, digest: str) -> None:
        """Read every byte and compare the digest."""
        self.store.verify(digest)

    def _counted(self, chunks: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
        for chunk in chunks:
            self._count(len(chunk))
            yield chunk

    def _count(self, size: int) -> None:
        self.put += size
        if self.put > self.most:
            raise InvalidInput(
                f"what the step returned is larger than {self.most:,} bytes",
                where="MEGURU_MAX_OUTPUT",
                why=f"it had put {self.put:,} bytes when it was stopped",
                hint="return less (a sample, a summary), or raise the limit",
            )
