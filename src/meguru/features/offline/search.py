"""The search behind a point-in-time join: for many keys at once, the last row seen by a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

BLOCK = 1 << 16
"""So many at a time, that what is worked on stays near the processor."""


def last_seen(moments: np.ndarray, start: np.ndarray, count: np.ndarray, asked: np.ndarray) -> np.ndarray:
    r"""Return for each question the place of the last moment that is not after it, -1 if there is none.

    Parameters
    ----------
    moments
        Shape (rows,), ascending within each key.
    start, count
        Shape (n,): where the rows of each question's key begin, and how many there are.
    asked
        Shape (n,): the moments asked for.

    Notes
    -----
    A binary search in all segments side by side: :math:`n \log_2(\max(count) + 1)` looks.
    """
    import numpy as np

    found = np.empty(len(asked), dtype=np.int64)
    for begin in range(0, len(asked), BLOCK):
        part = slice(begin, begin + BLOCK)
        found[part] = _block(moments, start[part], count[part], asked[part])
    return found


def _block(moments: np.ndarray, start: np.ndarray, count: np.ndarray, asked: np.ndarray) -> np.ndarray:
    import numpy as np

    before = np.zeros(len(asked), dtype=np.int64)  # so many rows of the key are not after the moment
    if not len(moments):
        return before - 1
    step = 1 << int(count.max(initial=0)).bit_length() >> 1
    origin = start - 1
    while step:
        tried = before + step
        inside = tried <= count
        looked = moments.take(np.where(inside, origin + tried, 0))
        before = np.where(inside & (looked <= asked), tried, before)
        step >>= 1
    return np.where(before > 0, origin + before, -1)
