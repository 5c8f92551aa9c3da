"""A part of the rows, drawn by chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from meguru.datasets.preparation.hashing import shares_of
from meguru.errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl


def sample(
    frame: pl.DataFrame,
    *,
    rows: int | None = None,
    share: float | None = None,
    key: Sequence[str] = (),
    seed: int = 0,
) -> pl.DataFrame:
    """Return some of the rows, in the order that they have.

    Parameters
    ----------
    frame
        The rows, shape (n, columns).
    rows, share
        How many, or which share of them; one of both. There are no more than `frame` has.
    key
        The columns that tell a row: it is drawn or not wherever it stands. Of a larger sample with the same
        seed a smaller one is a part.
    seed
        Another seed is another sample.

    Raises
    ------
    InvalidInput
        If neither or both of `rows` and `share` are given, or one makes no sense.
    """
    import polars as pl

    if (rows is None) == (share is None):
        raise InvalidInput("say how many rows, or which share", field="rows")
    if (rows is not None and rows < 0) or (share is not None and not 0 <= share <= 1):
        field = "rows" if share is None else "share"
        raise InvalidInput("a sample has 0 or more rows, a share from 0 to 1", field=field)
    places = shares_of(frame, key, seed)
    if share is not None:
        return frame.filter(pl.Series(places < share))
    chosen = np.sort(np.argsort(places, kind="stable")[:rows])
    return frame[chosen]
