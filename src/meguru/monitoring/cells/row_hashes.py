"""A hash of each prediction and outcome, whose sum is an order-independent checksum of what was counted."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

RowHashes = npt.NDArray[np.uint64]
_A, _B, _STEP = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB), np.uint64(0x9E3779B97F4A7C15)


def of_text(text: str) -> int:
    """Return the number of a text, such as a request's id."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def of_rows(batches: RowHashes, rows: npt.NDArray[np.int64]) -> RowHashes:
    """Return the numbers of predictions, from those of their requests and their rows; shape (n,)."""
    return _mixed(batches ^ _mixed(rows.astype(np.uint64) + _STEP))


def of_outcomes(predictions: RowHashes, known: Sequence[Any]) -> RowHashes:
    """Return the numbers of outcomes as they are written, of these predictions; shape (n,)."""
    values = np.array([0.0 if row.json is not None else row.value for row in known], dtype=np.float64)
    bits = values.view(np.uint64).copy()
    texts: dict[str, int] = {}
    # A float is hashed by its bits, so that a correction from 0.1 to 0.10000001 shows; a text once each.
    for place, row in enumerate(known):
        if row.json is not None:
            if row.json not in texts:
                texts[row.json] = of_text(row.json)
            bits[place] = texts[row.json]
    return _mixed(_mixed(predictions + _STEP) ^ bits)


def _mixed(values: RowHashes) -> RowHashes:
    """Mix the bits, as SplitMix64 does (Steele, Lea, Flood 2014)."""
    found = values.copy()
    with np.errstate(over="ignore"):
        found ^= found >> np.uint64(30)
        found *= _A
        found ^= found >> np.uint64(27)
        found *= _B
        found ^= found >> np.uint64(31)
    return found
