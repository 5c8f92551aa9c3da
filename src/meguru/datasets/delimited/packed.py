"""Files that were packed: by gzip, bzip2 or zstd."""

from __future__ import annotations

import bz2
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast

from meguru.errors import MissingDependency

if TYPE_CHECKING:
    from meguru.datasets.ingest.meter import Meter

_PACKED = 1 << 10
PACKERS = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\x28\xb5\x2f\xfd": "zstd"}
"""How what they packed begins."""


def packer(path: Path) -> str:
    """Return what packed a file: ``gzip``, ``bzip2``, ``zstd``; empty if nothing did."""
    with path.open("rb") as file:
        begin = file.read(4)
    return next((name for mark, name in PACKERS.items() if begin.startswith(mark)), "")


@contextmanager
def unpacked(path: Path, meter: Meter | None = None) -> Iterator[IO[bytes]]:
    """Open a file for reading, unpacked.

    Raises
    ------
    OSError
        If what was packed is not whole, also while it is read.
    """
    by = packer(path)
    with path.open("rb") as raw, cast("IO[bytes]", _OPENERS[by](_Metered(raw, meter))) as file:
        try:
            yield file
        except (EOFError, zlib.error) as error:
            raise OSError(f"what {by} packed is not whole: {error}") from error
        except OSError as error:
            if by and error.errno is None:
                raise OSError(f"what {by} packed is not whole: {error}") from error
            raise


class _Metered(io.RawIOBase):
    """A file that tells how far it was read."""

    def __init__(self, file: IO[bytes], meter: Meter | None) -> None:
        self._file, self._meter, self._done = file, meter, 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        found = self._file.read(size)
        self._done += len(found)
        if self._meter is not None:
            self._meter.at(self._done)
        return found


def _zstd(file: BinaryIO) -> Any:
    try:
        import zstandard
    except ImportError as error:
        raise MissingDependency.of("formats", "zstandard") from error

    def parts() -> Iterator[bytes]:
        within = None
        try:
            # A few packed bytes may hold many: so few at once that these fit into memory.
            while packed := file.read(_PACKED):
                while packed:
                    # A file may be several frames one after the other, as `cat a.zst b.zst` makes.
                    within = within or zstandard.ZstdDecompressor().decompressobj()
                    yield within.decompress(packed)
                    packed = within.unused_data if within.eof else b""
                    within = None if within.eof else within
        except zstandard.ZstdError as error:
            raise EOFError(str(error)) from error
        if within is not None:
            raise EOFError("it ends in the middle")

    return _Parts(parts())


class _Parts(io.RawIOBase):
    """A file of what comes in parts."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts, self._rest = parts, b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        found, length = [self._rest], len(self._rest)
        while length < size and (part := next(self._parts, None)) is not None:
            found.append(part)
            length += len(part)
        whole = b"".join(found)
        self._rest = whole[size:]
        return whole[:size]


_OPENERS: dict[str, Any] = {
    "": lambda file: file,
    "gzip": gzip.open,
    "bzip2": bz2.open,
    "zstd": _zstd,
}
