"""Split rows into parts: by chance, with equal shares of classes, whole groups together, or by time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from meguru.datasets.checking import known_column
from meguru.datasets.preparation.hashing import shares_of
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

MAX_PARTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSplit:
    """The parts of a table by name, and a digest of what is in each.

    The digest tells whether two splits have the same rows in a part, in whatever order these are.
    """

    parts: Mapping[str, pl.DataFrame]
    digests: Mapping[str, str]

    def __getitem__(self, name: str) -> pl.DataFrame:
        return self.parts[name]


def split(
    frame: pl.DataFrame,
    shares: Mapping[str, float],
    *,
    key: Sequence[str] = (),
    stratify: str = "",
    group: Sequence[str] = (),
    time: str = "",
    seed: int = 0,
) -> TableSplit:
    """Split a table into parts.

    Parameters
    ----------
    frame
        The rows, shape (n, columns).
    shares
        The name of each part with its share of rows; shares add up to 1.
    key
        The columns that tell a row. With a key a row falls into the same part wherever it stands, and stays
        there when others are added; without one that depends on its position.
    stratify
        A column of classes: each part has the same share of each.
    group
        Columns whose values, taken together, name groups: all rows of a group are in one part.
    time
        A column of times: the parts follow each other in time, in the order of `shares`; rows of one moment
        stay together. Rows without a time are refused.
    seed
        Another seed is another split.

    Raises
    ------
    InvalidInput
        If the shares are none, a column is missing, or two of `stratify`, `group` and `time` are given.

    Examples
    --------
    >>> import polars as pl
    >>> rows = pl.DataFrame({"id": range(1000)})
    >>> made = split(rows, {"train": 0.8, "test": 0.2}, key=["id"])
    >>> made["train"].height, made["test"].height
    (792, 208)
    """
    _check(frame, shares, stratify, group, time)
    if time:
        place = _by_time(frame, list(shares.values()), time)
    elif stratify:
        place = _stratified(frame, list(shares.values()), stratify, key, seed)
    else:
        place = _cut(shares_of(frame, group or key, seed), list(shares.values()))
    import polars as pl

    parts = {name: frame.filter(pl.Series(place == at)) for at, name in enumerate(shares)}
    return TableSplit(parts=parts, digests={name: digest_of(each) for name, each in parts.items()})


def digest_of(frame: pl.DataFrame) -> str:
    """Return a digest of a table's columns and rows, in whatever order the rows are: 32 hex digits.

    Notes
    -----
    It is the sum of the rows' hashes, so that two equal rows do not cancel each other out. Rows are hashed by
    Polars: digests are compared within one version of it.
    """
    from meguru.base import digests

    hashed = frame.hash_rows(seed=0).to_numpy() if frame.width and frame.height else np.empty(0, np.uint64)
    with np.errstate(over="ignore"):
        sums = [int(hashed.sum(dtype=np.uint64)), int((hashed * hashed).sum(dtype=np.uint64))]
    columns = [[name, str(dtype)] for name, dtype in frame.schema.items()]
    return digests.of_value([columns, frame.height, sums])[:32]


def _check(
    frame: pl.DataFrame, shares: Mapping[str, float], stratify: str, group: Sequence[str], time: str
) -> None:
    if not 1 < len(shares) <= MAX_PARTS:
        raise InvalidInput("a split has two or more parts", field="shares", why=f"up to {MAX_PARTS}")
    if any(not (math.isfinite(each) and each > 0) for each in shares.values()):
        raise InvalidInput("a share is above 0", field="shares")
    if abs(sum(shares.values()) - 1) > 1e-9:
        raise InvalidInput(
            "the shares add up to 1", field="shares", why=f"these are {sum(shares.values()):g}"
        )
    said = {"stratify": bool(stratify), "group": bool(group), "time": bool(time)}
    if sum(said.values()) > 1:
        names = " and ".join(name for name, given in said.items() if given)
        raise InvalidInput(f"{names} exclude each other", field="stratify")
    for name in filter(None, (stratify, *group, time)):
        known_column(name, frame.schema, field="split")


def _cut(places: npt.NDArray[np.float64], shares: Sequence[float]) -> npt.NDArray[np.int64]:
    # All but the last edge: rounding must not leave a row beyond the last part.
    return np.searchsorted(np.cumsum(shares[:-1]), places, side="right")


def _stratified(
    frame: pl.DataFrame, shares: Sequence[float], column: str, key: Sequence[str], seed: int
) -> npt.NDArray[np.int64]:
    """Order the rows of each class by where they fall, and cut that."""
    import polars as pl

    placed = frame.select(pl.col(column), pl.Series("\0place", shares_of(frame, key, seed)))
    within = placed.select(
        ((pl.col("\0place").rank("ordinal").over(column) - 0.5) / pl.len().over(column)).alias("share")
    )
    return _cut(within["share"].to_numpy(), shares)


def _by_time(frame: pl.DataFrame, shares: Sequence[float], column: str) -> npt.NDArray[np.int64]:
    import polars as pl

    times = frame[column]
    if not isinstance(times.dtype, pl.Date | pl.Datetime | pl.Time) and not times.dtype.is_numeric():
        raise InvalidInput(f"{column} holds {times.dtype}, not times", field="time")
    if times.null_count():
        raise InvalidInput(
            f"{times.null_count():,} rows have no {column}", field="time", hint="leave them out"
        )
    first = (times.rank("min").to_numpy() - 1) / max(frame.height, 1)
    return _cut(first, shares)
