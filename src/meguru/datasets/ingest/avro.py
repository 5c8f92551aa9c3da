"""Avro: its blocks are read some at a time, each time behind the file's head."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import polars as pl

from meguru.datasets.ingest.converted import ConvertedFile
from meguru.datasets.ingest.meter import Meter
from meguru.datasets.ingest.records import CHUNK, MAX_RECORD_BYTES
from meguru.datasets.ingest.typed import write_typed
from meguru.datasets.types import ReadOptions

_MAGIC = b"Obj\x01"
_SYNC = 16


def avro(
    path: Path, name: str, said: ReadOptions, target: Path, *, chunk: int = CHUNK, meter: Meter | None = None
) -> ConvertedFile:
    """Write an Avro file as Parquet."""
    frames = _frames(path, chunk, meter)
    first = next(frames, None)
    schema = first.schema if first is not None else pl.Schema()
    return write_typed(lambda: _frames(path, chunk, meter), schema, name, "avro", said, target, meter=meter)


def _frames(path: Path, chunk: int, meter: Meter | None) -> Iterator[pl.DataFrame]:
    with path.open("rb") as file:
        # The head has the schema and the sync marker: put before any blocks it makes a file that Polars
        # reads.
        head = _head(file)
        part = bytearray()
        while block := _block(file):
            part += block
            if len(part) >= chunk:
                yield pl.read_avro(io.BytesIO(head + part))
                part.clear()
            if meter is not None:
                meter.at(file.tell())
        if part:
            yield pl.read_avro(io.BytesIO(head + part))


def _head(file: IO[bytes]) -> bytes:
    """Read what stands before the blocks: the mark, a map with the schema, and 16 bytes that end blocks."""
    if file.read(len(_MAGIC)) != _MAGIC:
        raise ValueError("it does not begin as Avro does")
    while count := _number(file):
        if count < 0:  # the size of the part in bytes stands here then
            count = -count
            _number(file)
        for _ in range(2 * count):
            _exactly(file, _number(file))
    _exactly(file, _SYNC)
    end = file.tell()
    file.seek(0)
    return _exactly(file, end)


def _block(file: IO[bytes]) -> bytes:
    begin = file.tell()
    if not file.read(1):
        return b""
    file.seek(begin)
    _number(file)
    size = _number(file)
    _exactly(file, size + _SYNC)
    end = file.tell()
    file.seek(begin)
    return _exactly(file, end - begin)


def _number(file: IO[bytes]) -> int:
    """Read a number as Avro writes it: seven bits a byte, lowest first, the sign in the lowest bit."""
    value = shift = 0
    while True:
        byte = _exactly(file, 1)[0]
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return (value >> 1) ^ -(value & 1)
        shift += 7
        if shift > 63:
            raise ValueError("a number in it is too long")


def _exactly(file: IO[bytes], size: int) -> bytes:
    if not 0 <= size <= MAX_RECORD_BYTES:
        raise ValueError("a part of it has a size that can't be")
    found = file.read(size)
    if len(found) != size:
        raise ValueError("it ends in the middle")
    return found
