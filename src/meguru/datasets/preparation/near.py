"""Texts that are nearly the same: MinHash finds who may be, the texts themselves decide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from meguru.datasets.checking import known_column
from meguru.datasets.preparation.deduplicate import normal_text
from meguru.errors import InvalidInput, MissingDependency

if TYPE_CHECKING:
    import polars as pl

HASHES, SHINGLE, MAX_TEXT_LENGTH = 128, 5, 20_000
"""Hashes of each text, letters of each piece of it, and letters of a text that are looked at."""
_SEED = 42


def near_duplicates(frame: pl.DataFrame, column: str, *, threshold: float = 0.8) -> pl.DataFrame:
    """Find rows whose texts are nearly the same.

    Parameters
    ----------
    frame
        The rows, shape (n, columns).
    column
        The column of texts. Case, accents, width and spaces are not compared; missing texts are like none.
    threshold
        How alike texts are, from above 0 to 1: the share of pieces of 5 letters that both have (Jaccard).

    Returns
    -------
    polars.DataFrame
        ``row`` and ``group``, both UInt32, of each row that is like another one: the group is the first
        row of those that are alike, directly or by way of others.

    Raises
    ------
    InvalidInput
        If there is no such column of texts, or the threshold is none.
    MissingDependency
        Without the extra ``prepare``.

    Notes
    -----
    Those that are compared are found by bands of 128 MinHashes [1]_, so wide that 95 % of the pairs which are
    just as alike as the threshold are found. Whether they are alike is then computed from the texts: what is
    found is always right.

    References
    ----------
    .. [1] A. Z. Broder, "On the resemblance and containment of documents", 1997.
    """
    import polars as pl

    known_column(column, frame.schema, field="column")
    if frame.schema[column] != pl.String:
        raise InvalidInput(f"{column} holds {frame.schema[column]}, not text", field="column")
    if not 0 < threshold <= 1:
        raise InvalidInput(
            "a threshold is above 0, and at most 1", field="threshold", why=f"it is {threshold}"
        )
    pieces = [_pieces(text) for text in frame[column]]
    rows = [at for at, each in enumerate(pieces) if each]
    groups = _Groups(len(pieces))
    for first, second in _candidates(_hashes([pieces[at] for at in rows]), threshold):
        one, other = rows[first], rows[second]
        if groups.of(one) != groups.of(other) and _alike(pieces[one], pieces[other]) >= threshold:
            groups.join(one, other)
    found = [groups.of(at) for at in range(len(pieces))]
    made = pl.DataFrame({"group": pl.Series(found, dtype=pl.UInt32)}).with_row_index("row")
    return made.filter(pl.len().over("group") > 1).select("row", "group")


def without_near_duplicates(frame: pl.DataFrame, column: str, *, threshold: float = 0.8) -> pl.DataFrame:
    """Leave out rows whose text is nearly that of an earlier one; see `near_duplicates`."""
    import polars as pl

    found = near_duplicates(frame, column, threshold=threshold).filter(pl.col("row") != pl.col("group"))
    left = np.ones(frame.height, dtype=bool)
    left[found["row"].to_numpy()] = False
    return frame.filter(pl.Series(left))


class _Groups:
    """Rows that are alike, by way of others too; a group is called by its first row."""

    def __init__(self, size: int) -> None:
        self._above = list(range(size))

    def of(self, row: int) -> int:
        while self._above[row] != row:
            self._above[row] = self._above[self._above[row]]
            row = self._above[row]
        return row

    def join(self, one: int, other: int) -> None:
        first, second = sorted((self.of(one), self.of(other)))
        self._above[second] = first


def _pieces(text: str | None) -> frozenset[str]:
    plain = normal_text(text[:MAX_TEXT_LENGTH]) if text else ""
    if not plain:
        return frozenset()
    return frozenset(plain[at : at + SHINGLE] for at in range(max(1, len(plain) - SHINGLE + 1)))


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    both = len(one & other)
    return both / (len(one) + len(other) - both)


def _hashes(pieces: list[frozenset[str]]) -> npt.NDArray[np.uint32]:
    """Return the MinHashes of texts, shape (n, `HASHES`)."""
    try:
        from rensa import RMinHash
    except ImportError as error:
        raise MissingDependency.of("prepare", "rensa") from error
    made = RMinHash.digests_from_token_sets([list(piece) for piece in pieces], HASHES, _SEED)
    return np.array(made, dtype=np.uint32).reshape(-1, HASHES)


def _candidates(hashes: npt.NDArray[np.uint32], threshold: float) -> Iterator[tuple[int, int]]:
    """Yield pairs that share a band: each row with the one before it, and with the first of them."""
    width = _width(threshold)
    for start in range(0, HASHES - width + 1, width):
        band = np.ascontiguousarray(hashes[:, start : start + width]).view(f"V{4 * width}").ravel()
        order = np.argsort(band, kind="stable")
        same = band[order][1:] == band[order][:-1]
        first = 0
        for at in np.flatnonzero(same):
            if at == 0 or not same[at - 1]:
                first = int(order[at])
            here, before = int(order[at + 1]), int(order[at])
            yield before, here
            if first != before:
                yield first, here


def _width(threshold: float) -> int:
    """Return how many hashes a band has, so that 95 % of what is just alike shares one."""
    for width in (16, 12, 10, 8, 6, 5, 4, 3, 2):
        # Locality-sensitive hashing: two texts of similarity s share a band of w hashes with probability s^w.
        if 1 - (1 - threshold**width) ** (HASHES // width) >= 0.95:
            return width
    return 1
