"""The text of a file as UTF-8, block by block, whatever packed it and however it is encoded."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from meguru.datasets.delimited.dialect import not_of
from meguru.datasets.ingest.meter import Meter
from meguru.datasets.types import Dialect
from meguru.errors import MissingDependency

BLOCK = 1 << 22
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


def blocks(path: Path, dialect: Dialect, name: str, meter: Meter | None = None) -> Iterator[bytes]:
    """Yield the text of a file as UTF-8, without a byte order mark; tell a meter how far it is.

    Raises
    ------
    InvalidInput
        If its bytes are not of its encoding.
    """
    if meter is not None:
        meter.begin(name, path.stat().st_size)
    with unpacked(path, meter) as file:
        raw = iter(lambda: file.read(BLOCK), b"")
        first = True
        for block in raw if dialect.encoding == "utf-8" else _transcoded(raw, dialect.encoding, name):
            # A mark may be cut in two only by a read of less than three bytes.
            yield block.removeprefix(codecs.BOM_UTF8) if first else block
            first = False


def _transcoded(raw: Iterator[bytes], encoding: str, name: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    before = 0
    for block in raw:
        try:
            text = decoder.decode(block)
        except UnicodeDecodeError as error:
            raise not_of(encoding, name, error.object, error.start, before) from error
        before += len(block)
        if text:
            yield text.encode()
    try:
        text = decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise not_of(encoding, name, error.object, error.start, before) from error
    if text:
        yield text.encode()


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
    return zstandard.open(file, "rb")


_OPENERS: dict[str, Any] = {
    "": lambda file: file,
    "gzip": gzip.open,
    "bzip2": bz2.open,
    "zstd": _zstd,
}
