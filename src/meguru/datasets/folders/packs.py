"""Packs: blobs of many files' bytes one after the other, so that a store holds few objects."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from typing import IO, cast

from meguru.base import digests
from meguru.datasets.folders import chunks
from meguru.datasets.folders.types import FilePart
from meguru.storage.blobs import BlobStore

PACK_BYTES = 16 << 20


class PackWriter:
    """Puts bytes into packs, each only once.

    Parameters
    ----------
    blobs
        Where full packs go.
    known
        Digests of whole files that need no place, since they have one.
    known_parts
        Places of parts of large files that are there already; `packs` are the packs these are in.
    """

    def __init__(
        self,
        blobs: BlobStore,
        known: set[str],
        known_parts: dict[str, FilePart] | None = None,
        packs: Sequence[str] = (),
    ) -> None:
        self._blobs, self._known = blobs, known
        self._parts = dict(known_parts or {})
        self._files: dict[str, list[FilePart]] = {}
        self._buffer = bytearray()
        self._packs: list[str] = list(packs)
        self.new_bytes = 0

    def add(self, file: IO[bytes], size: int) -> tuple[str, int]:
        """Take in a file's content, of about `size` bytes; return its digest and its true size."""
        if size <= chunks.MAX_UNCUT:
            data = file.read(chunks.MAX_UNCUT + 1)
            # It may have grown since it was listed: then it is cut like any large file.
            if len(data) <= chunks.MAX_UNCUT:
                return self._whole(data), len(data)
            file = cast("IO[bytes]", _Rejoined(data, file))
        seen, parts, total = hashlib.sha256(), [], 0
        for piece in chunks.cut_into_pieces(file):
            seen.update(piece)
            total += len(piece)
            parts.append(self._part(piece))
        digest = seen.hexdigest()
        if digest not in self._known:
            self._files.setdefault(digest, parts)
        return digest, total

    def parts(self, digest: str) -> list[FilePart] | None:
        """Return where the bytes of a file are; None when that was known before."""
        return self._files.get(digest)

    def close(self) -> list[str]:
        """Store what is left; return the digests of the packs."""
        if self._buffer:
            self._flush()
        return self._packs

    def _whole(self, data: bytes) -> str:
        digest = digests.of_bytes(data)
        if digest not in self._known and digest not in self._files:
            self._files[digest] = [self._place(data)] if data else []
        return digest

    def _part(self, piece: bytes) -> FilePart:
        digest = digests.of_bytes(piece)
        if digest not in self._parts:
            self._parts[digest] = self._place(piece, digest)
        return self._parts[digest]

    def _place(self, data: bytes, digest: str = "") -> FilePart:
        # A piece stays whole in one pack: a reader then needs one range of one blob for it.
        if self._buffer and len(self._buffer) + len(data) > PACK_BYTES:
            self._flush()
        part = FilePart(pack=len(self._packs), offset=len(self._buffer), size=len(data), digest=digest)
        self._buffer += data
        self.new_bytes += len(data)
        return part

    def _flush(self) -> None:
        self._packs.append(self._blobs.put_bytes(bytes(self._buffer)))
        self._buffer = bytearray()


class _Rejoined(io.RawIOBase):
    """Bytes that were read already, and then the rest of a file."""

    def __init__(self, first: bytes, rest: IO[bytes]) -> None:
        self._first, self._rest = first, rest

    def read(self, size: int = -1) -> bytes:
        if self._first:
            found, self._first = self._first, b""
            return found
        return self._rest.read(size)
