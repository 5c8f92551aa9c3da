"""Texts as vectors: hashed pieces of their bytes, the same on every machine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from meguru.stats.arrays import Floats

DIMENSIONS = 256
_GRAM = 4
_MAX_BYTES = 2000
_FACTORS = np.array([2654435761, 2246822519, 3266489917, 668265263], dtype=np.uint64)


def embed_texts(texts: Sequence[str], dimensions: int = DIMENSIONS) -> Floats:
    """Return texts as vectors of length one, shape (n, dimensions); of an empty text all are 0.

    Parameters
    ----------
    texts
        Length n; of each the first 2,000 bytes count, in small letters.
    dimensions
        Scalar, count.

    Notes
    -----
    Every run of four bytes is hashed to one of the dimensions and counted; the vector is of the roots of the
    counts. It needs no vocabulary and no spaces between words, so that it suits any language.

    References
    ----------
    Weinberger, K. and others (2009). Feature hashing for large scale multitask learning. ICML.
    Cavnar, W. B., Trenkle, J. M. (1994). N-gram-based text categorization. SDAIR.
    """
    found = np.zeros((len(texts), dimensions))
    for row, text in enumerate(texts):
        places = _places(text, dimensions)
        if places.size:
            roots = np.sqrt(np.bincount(places, minlength=dimensions))
            found[row] = roots / np.linalg.norm(roots)
    return found


def _places(text: str, dimensions: int) -> npt.NDArray[np.int64]:
    data = f" {text[:_MAX_BYTES].lower()} ".encode("utf-8", "replace")[:_MAX_BYTES]
    if not text.strip():
        return np.empty(0, dtype=np.int64)
    letters = np.frombuffer(data.ljust(_GRAM), dtype=np.uint8).astype(np.uint64)
    runs = np.lib.stride_tricks.sliding_window_view(letters, _GRAM)
    mixed = (runs * _FACTORS).sum(axis=1, dtype=np.uint64)
    # The upper bits of a product depend on all bytes, the lowest on the lowest bits only: fold them together
    # before the remainder. Plain arithmetic, since hash() differs from process to process.
    mixed ^= mixed >> np.uint64(15)
    places: npt.NDArray[np.int64] = (mixed % np.uint64(dimensions)).astype(np.int64)
    return places
