"""Counting how often each of some texts is in a long column: one pass, without a table of all texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from meguru.stats.profile.counts import CountArray

if TYPE_CHECKING:
    import polars as pl

_BLOCK = 65_536
Hashes = npt.NDArray[np.uint64]


def can_be_told_apart(names: Sequence[str]) -> bool:
    """Tell whether there are names, each with a hash of its own: without that no table could be laid out."""
    return 0 < len(names) == np.unique(_hashes(names)).size


def _hashes(names: Sequence[str]) -> Hashes:
    import polars as pl

    found: Hashes = pl.Series(names, dtype=pl.String).hash().to_numpy()
    return found


def counts_of(column: pl.Series, names: Sequence[str]) -> CountArray:
    """Count some texts in a column of texts without nulls, shape (names + 1,); all others together last.

    Texts are told apart by hashes of 64 bits, for which a table is laid out in which the names do not meet:
    ask `can_be_told_apart` first. Of a column of n texts the chance that another text is taken for one of k
    names is n k / 2^64, which is one in 10^8 for 10^9 texts and 64 names.
    """
    known = _hashes(names)
    slots, expected, shift = _table(known)
    counts = np.zeros(expected.size, dtype=np.int64)
    for start in range(0, column.len(), _BLOCK):
        hashes: Hashes = column.slice(start, _BLOCK).hash().to_numpy()
        slot = _slots(hashes, shift, expected.size)
        counts += np.bincount(slot, minlength=expected.size)
        # Counted first and corrected after: a mask before counting would copy every block, and mismatches are
        # few.
        other = np.take(expected, slot) != hashes
        if other.any():
            counts -= np.bincount(slot[other], minlength=expected.size)
    found = counts[slots]
    return np.append(found, column.len() - int(found.sum()))


def _table(known: Hashes) -> tuple[CountArray, Hashes, int]:
    """Return the slots of some hashes, which hash each slot expects, and the shift that parts them."""
    size = 64
    while True:
        for shift in range(0, 48, 3):
            slots = _slots(known, shift, size)
            if np.unique(slots).size == known.size:
                return slots, _expected(known, slots, shift, size), shift
        size *= 4


def _expected(known: Hashes, slots: CountArray, shift: int, size: int) -> Hashes:
    # An empty slot expects a hash that belongs to another one: none that comes there is equal to it.
    expected = np.full(size, 0, dtype=np.uint64)
    expected[_slots(expected[:1], shift, size)] = np.uint64(1) << np.uint64(shift)
    expected[slots] = known
    return expected


def _slots(hashes: Hashes, shift: int, size: int) -> CountArray:
    return ((hashes >> np.uint64(shift)) & np.uint64(size - 1)).view(np.int64)
