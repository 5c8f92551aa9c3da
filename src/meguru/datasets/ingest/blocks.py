"""The text of a file as UTF-8, block by block, whatever packed it and however it is encoded."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from meguru.datasets.delimited.dialect import not_of
from meguru.datasets.delimited.packed import unpacked
from meguru.datasets.ingest.meter import Meter
from meguru.datasets.types import Dialect

BLOCK = 1 << 22


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
    # Incremental: a character may be cut by the end of a block.
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
