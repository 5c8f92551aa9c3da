"""What every blob store promises."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from meguru.errors import DigestMismatch, NotFound


class BlobStore(Protocol):
    """Bytes by digest.

    A blob appears whole or not at all, never changes, and is durable when `put_*` returns. Putting the
    same bytes twice stores them once. Whatever is read is checked against its digest: a blob that was
    changed behind our back raises `DigestMismatch`, a missing one `NotFound`. Safe for many threads
    and processes.
    """

    url: str
    """Opens the same store in another process."""

    def put_bytes(self, data: bytes) -> str:
        """Store bytes; return their digest."""
        ...

    def put_file(self, path: Path) -> str:
        """Store a file's content in bounded memory; return its digest."""
        ...

    def put_chunks(self, chunks: Iterable[bytes | memoryview]) -> str:
        """Store the bytes that come in pieces, in bounded memory; return their digest."""
        ...

    def get_bytes(self, digest: str) -> bytes:
        """Return the bytes."""
        ...

    def path(self, digest: str) -> Path:
        """Return a local file that holds the bytes, to be read only."""
        ...

    def has(self, digest: str) -> bool:
        """Tell whether the blob is there."""
        ...

    def size(self, digest: str) -> int:
        """Return the number of bytes."""
        ...

    def verify(self, digest: str) -> None:
        """Read every byte from the store itself, whatever is cached, and compare the digest."""
        ...


class PrunableStore(BlobStore, Protocol):
    """A store that belongs to this process's workspace, from which blobs can be removed."""

    def delete(self, digest: str) -> None:
        """Remove the blob, if it is there: only what nothing refers to."""
        ...

    def listed(self, before: float) -> Iterable[str]:
        """Return the blobs that were written before a moment, in seconds since 1970."""
        ...


def missing(digest: str) -> NotFound:
    """Say that a blob is not in the store."""
    return NotFound(
        f"blob {digest[:12]}… is not in the store",
        where=digest,
        why="it was never uploaded here, or the store was emptied",
    )


def check(digest: str, found: str, where: str) -> None:
    """Refuse bytes that don't have the digest they are named by."""
    if digest != found:
        raise DigestMismatch(
            f"blob {digest[:12]}… was changed after it was written",
            where=where,
            why=f"its bytes have the digest {found[:12]}…",
            hint="restore this file from a backup; meguru doctor --deep tells what needs it",
        )
