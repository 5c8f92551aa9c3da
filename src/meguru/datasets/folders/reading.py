"""Read files out of packs, in bounded memory."""

from __future__ import annotations

import io
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import IO, NamedTuple, Self

from meguru.base import digests
from meguru.storage.blobs import BlobStore

MAX_IN_MEMORY = 8 << 20
"""Files of up to so many bytes are read into memory; others into a file that goes when it is closed."""
_MAX_OPEN_PACKS = 16


class PlacedPart(NamedTuple):
    """Some bytes of a file, in a pack."""

    pack: str
    offset: int
    size: int


class OpenedParts(NamedTuple):
    """The content of a file, from its beginning, and its digest."""

    file: IO[bytes]
    digest: str


class PackReader(AbstractContextManager["PackReader"]):
    """Puts files together from their parts; packs that were read last stay open. Safe for many threads."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self._open: OrderedDict[str, IO[bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def opened(self, parts: Sequence[PlacedPart]) -> OpenedParts:
        """Return a file's content; whoever wants a certain one compares the digest, and closes it."""
        if sum(part.size for part in parts) <= MAX_IN_MEMORY:
            data = b"".join(self.pieces(parts))
            return OpenedParts(io.BytesIO(data), digests.of_bytes(data))
        file = tempfile.TemporaryFile(prefix="meguru-file-")  # noqa: SIM115 - the caller closes it
        try:
            for piece in self.pieces(parts):
                file.write(piece)
            file.seek(0)
            digest = digests.of_opened(file)
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return OpenedParts(file, digest)

    def pieces(self, parts: Sequence[PlacedPart]) -> Iterator[bytes]:
        """Yield the bytes of parts, in their order; those beyond the end of a pack are not there.

        A part may be a whole file of any size, or say that it is: it is read some megabytes at a time.
        """
        for part in parts:
            begin, end = part.offset, part.offset + part.size
            while begin < end:
                with self._lock:  # others move the same open file
                    pack = self._pack(part.pack)
                    pack.seek(begin)
                    data = pack.read(min(end - begin, MAX_IN_MEMORY))
                if not data:
                    break
                begin += len(data)
                yield data

    def _pack(self, digest: str) -> IO[bytes]:
        if digest in self._open:
            self._open.move_to_end(digest)
            return self._open[digest]
        # Least recently used first; each is a file descriptor of this process.
        if len(self._open) >= _MAX_OPEN_PACKS:
            self._open.popitem(last=False)[1].close()
        self._open[digest] = self._blobs.path(digest).open("rb")
        return self._open[digest]

    def close(self) -> None:
        """Close all packs."""
        while self._open:
            self._open.popitem()[1].close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()
