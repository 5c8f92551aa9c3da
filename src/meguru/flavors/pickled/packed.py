"""Take a pickle out of what joblib packs it in; what it unpacks to is bounded."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path

from meguru.errors import InvalidInput, TooLarge

MAX_BYTES = 2 << 30
_STEP = 1 << 20
_ZLIB = (b"x\x01", b"x\x5e", b"x\x9c", b"x\xda")


def unpacked(path: Path, target: Path, most: int = MAX_BYTES) -> Path:
    """Return a file with the plain pickle: `path` itself, or `target`, into which it is unpacked.

    Raises
    ------
    TooLarge
        When it unpacks to more than `most` bytes.
    InvalidInput
        When it is packed in a way that is not known here, or is broken.
    """
    with path.open("rb") as file:
        head = file.read(8)
    chunks = _chunks(path, head)
    if chunks is None:
        return path
    written = 0
    try:
        with target.open("wb") as out:
            for chunk in chunks:
                written += len(chunk)
                if written > most:
                    raise TooLarge(f"{path.name} unpacks to more than {most:,} bytes", where=path.name)
                out.write(chunk)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise InvalidInput(f"{path.name} is packed, and broken", where=path.name, why=str(error)) from error
    return target


def _chunks(path: Path, head: bytes) -> Iterator[bytes] | None:
    if head.startswith(b"\x1f\x8b"):
        return _read(gzip.GzipFile(path))
    if head.startswith(b"BZh"):
        return _read(bz2.BZ2File(path))
    if head.startswith((b"\xfd7zXZ", b"]\x00\x00")):
        return _read(lzma.LZMAFile(path))
    if head.startswith(_ZLIB):
        return _inflated(path)
    if head.startswith(b"\x04\x22\x4d\x18"):
        hint = "pack it with zlib, or not at all: joblib.dump(model, file)"
        raise InvalidInput(f"{path.name} is packed with lz4, which is not read", hint=hint)
    return None


def _read(file: gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_STEP):
            yield chunk


def _inflated(path: Path) -> Iterator[bytes]:
    inflater = zlib.decompressobj()
    with path.open("rb") as file:
        while not inflater.eof:
            data = inflater.unconsumed_tail or file.read(_STEP)
            if not data:
                raise EOFError("it ends early")
            # A bound on the output of each call: one chunk of a bomb would else be a gigabyte.
            yield inflater.decompress(data, _STEP)
