"""Content-defined chunking of large files: an insertion moves one cut, and not all behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

MAX_UNCUT = 1 << 20
"""Files of up to so many bytes are not cut."""
MIN_PIECE, MEAN_PIECE, MAX_PIECE = 64 << 10, 192 << 10, 1 << 20
_WINDOW = 16 << 20


def cut_into_pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the content of a file in pieces, in bounded memory; equal content is cut alike.

    Without the extra ``files`` the cuts are at multiples of the largest piece: what is written is as right,
    and a byte inserted into a file makes all pieces behind it new.
    """
    try:
        from pyfastcdc import FastCDC
    except ImportError:
        while piece := file.read(MAX_PIECE):
            yield piece
        return
    # Content-defined chunking (Xia et al., "FastCDC", USENIX ATC 2016). The three sizes are a part of what a
    # file is stored as: with others the same file is stored anew.
    cutter = FastCDC(MEAN_PIECE, min_size=MIN_PIECE, max_size=MAX_PIECE)
    held = b""
    while more := file.read(_WINDOW):
        held += more
        ends = [chunk.offset + chunk.length for chunk in cutter.cut_buf(held)]
        # The last piece may end where the window ends, not where the content says.
        start = 0
        for end in ends:
            if len(held) - start < MAX_PIECE and end == len(held):
                break
            yield held[start:end]
            start = end
        held = held[start:]
    yield from (bytes(chunk.data) for chunk in cutter.cut_buf(held)) if held else ()
