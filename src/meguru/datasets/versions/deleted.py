"""Deletion vectors: positions of rows that are deleted from a file, in the format of Delta Lake.

A blob is a whole deletion vector file, so that a Delta table links to it as it is: one byte with the format's
version, the size, a magic number, a 64-bit roaring bitmap (portable serialization), a checksum.

References
----------
Delta Transaction Log Protocol, "Deletion Vector Format" and "Deletion Vector File Storage Format".
"""

from __future__ import annotations

import struct
import uuid
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from meguru.errors import DigestMismatch
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import numpy as np
    from pyroaring import BitMap64

_VERSION = 1
_MAGIC = 1681511377
OFFSET = 1
"""Where the vector begins in its file."""
_AROUND = 1 + 4 + 4
"""Bytes of a file that are no vector: the version, the size, the checksum."""


def encode(positions: BitMap64) -> bytes:
    """Return the file that says these positions."""
    vector = struct.pack("<I", _MAGIC) + positions.serialize()
    return struct.pack(">BI", _VERSION, len(vector)) + vector + struct.pack(">I", zlib.crc32(vector))


def decode(data: bytes, where: str) -> BitMap64:
    """Return the positions that a file says.

    Raises
    ------
    DigestMismatch
        If it is no such file; `where` is what it is called then.
    """
    from pyroaring import BitMap64

    # Layout: version (1 byte), size (4, big endian), vector, checksum (4, big endian); the magic within the
    # vector is little endian. All as the protocol has it.
    vector = data[OFFSET + 4 : -4]
    if len(data) <= _AROUND or data[: OFFSET + 4] != struct.pack(">BI", _VERSION, len(vector)):
        raise DigestMismatch("these are no positions of deleted rows", where=where)
    if vector[:4] != struct.pack("<I", _MAGIC) or data[-4:] != struct.pack(">I", zlib.crc32(vector)):
        raise DigestMismatch("these positions of deleted rows are damaged", where=where)
    return BitMap64.deserialize(vector[4:])


def vector_uuid(digest: str) -> uuid.UUID:
    """Return what names a vector in a Delta table: the beginning of its blob's digest."""
    return uuid.UUID(bytes=bytes.fromhex(digest[:32]))


def vector_name(digest: str) -> str:
    """Return what the file with a vector is called in a Delta table."""
    return f"deletion_vector_{vector_uuid(digest)}.bin"


def vector_bytes(size: int) -> int:
    """Return how many bytes the vector has in a file of so many, as a Delta table counts them."""
    return size - _AROUND


def positions_of(blobs: BlobStore, digest: str) -> BitMap64:
    """Return the positions that a blob says; none for the empty digest."""
    from pyroaring import BitMap64

    return decode(blobs.get_bytes(digest), digest) if digest else BitMap64()


def as_array(positions: Iterable[int]) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    """Return positions as an array, shape (n,), as Polars counts the rows of a file."""
    import numpy as np

    return np.fromiter(positions, dtype=np.uint32)
