"""Encode rows as a numeric matrix for tree models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from meguru.stats.arrays import Floats

if TYPE_CHECKING:
    import polars as pl


def table_of(frame: pl.DataFrame, names: Sequence[str], categories: Mapping[str, Sequence[str]]) -> Floats:
    """Return columns as numbers, shape (rows, names): categories by ordinal, NaN for null and unknown."""
    import polars as pl

    found = np.full((frame.height, len(names)), np.nan)
    for place, name in enumerate(names):
        if name not in frame.columns:
            continue
        column = frame.get_column(name)
        if name in categories:
            known = list(categories[name])
            codes = column.cast(pl.String, strict=False).replace_strict(
                known, list(range(len(known))), default=None, return_dtype=pl.Float64
            )
            found[:, place] = codes.fill_null(np.nan).to_numpy() if known else np.nan
        elif column.dtype.is_numeric():
            found[:, place] = column.cast(pl.Float64).fill_null(np.nan).to_numpy()
    return found
