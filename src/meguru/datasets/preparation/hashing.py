"""Where a row falls, by its key and a seed: the same wherever and in whatever order rows come."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from meguru.base.library_errors import reason
from meguru.datasets.checking import known_column
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

_WHOLE = float(1 << 53)


def shares_of(frame: pl.DataFrame, key: Sequence[str], seed: int) -> npt.NDArray[np.float64]:
    """Return a number from 0 (included) to 1 (not) for each row, shape (n,), by the values of its key.

    Without a key it goes by the row's position, so that it depends on the order of rows.

    Raises
    ------
    InvalidInput
        If a column of the key is not there, or holds what has no plain text, such as a list.
    """
    import polars as pl

    if not key:
        texts = [str(at) for at in range(frame.height)]
        return np.fromiter((_share(text, seed) for text in texts), np.float64, frame.height)
    for name in key:
        known_column(name, frame.schema, field="key")
    try:
        parts = [pl.col(name).cast(pl.String).fill_null("\0") for name in key]
        joined = frame.select(pl.concat_str(parts, separator="\x1f").alias("key"))["key"]
    except pl.exceptions.PolarsError as error:
        why = reason(error)
        raise InvalidInput("a key holds texts, numbers or times", why=why, field="key") from None
    distinct = joined.unique()
    shares = pl.Series([_share(text, seed) for text in distinct], dtype=pl.Float64)
    return joined.replace_strict(distinct, shares, return_dtype=pl.Float64).to_numpy()


def _share(text: str, seed: int) -> float:
    # Not Polars' hash, which may change with its version: a row must fall into the same part for years. 53
    # bits are what a double holds.
    found = blake2b(text.encode(), digest_size=8, key=str(seed).encode()[:64]).digest()
    return (int.from_bytes(found, "big") >> 11) / _WHOLE
