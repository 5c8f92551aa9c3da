"""Rows of two tables as vectors, so that they can be compared in all columns together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from meguru.stats.arrays import Floats
from meguru.stats.drift.text import embed_texts

if TYPE_CHECKING:
    import polars as pl

MAX_CATEGORIES = 16
"""So many of the most frequent categories have a dimension each."""
_TEXT = 64
_MAX_DEVIATIONS = 10.0


class EncodedRows(NamedTuple):
    """Both sides as vectors, shapes (n, d) and (m, d); NaN where a number is missing.

    `names`, length d, are of the columns that the dimensions belong to.
    """

    reference: Floats
    current: Floats
    names: tuple[str, ...]


def encode_rows(reference: pl.DataFrame, current: pl.DataFrame) -> EncodedRows:
    """Make vectors of the columns that both tables have, and hold as the same.

    Numbers and moments are in standard deviations of the reference from its median, at most ten; categories
    are one of many; texts are hashed. Lists and structs are left out.
    """
    parts, names = [], []
    for name in reference.columns:
        if name not in current.columns:
            continue
        found = encode_column(reference[name], current[name])
        if found is not None and found[0].shape[1]:
            parts.append(found)
            names += [name] * found[0].shape[1]
    if not parts:
        return EncodedRows(np.empty((reference.height, 0)), np.empty((current.height, 0)), ())
    first, second = (np.concatenate(side, axis=1) for side in zip(*parts, strict=True))
    return EncodedRows(first, second, tuple(names))


def encode_column(before: pl.Series, after: pl.Series, text: int = _TEXT) -> tuple[Floats, Floats] | None:
    """Make vectors of one column; None if the sides are of other kinds, or can't be encoded."""
    import polars as pl

    sides = before, after
    if all(side.dtype.is_numeric() for side in sides):
        return _numbers(sides)
    if all(side.dtype.is_temporal() for side in sides):
        return _numbers([side.to_physical() for side in sides]) if before.dtype == after.dtype else None
    words = pl.Boolean, pl.String, pl.Categorical, pl.Enum
    if all(isinstance(side.dtype, words) for side in sides):
        spoken = [side.cast(pl.String) for side in sides]
        return _texts(spoken, text) if all(map(is_text, spoken)) else _categories(spoken)
    return None


def is_text(column: pl.Series) -> bool:
    """Tell whether a column of strings is prose rather than names: nearly all differ, and hold spaces."""
    some = column.drop_nulls().head(1000)
    if some.len() < 20 or some.n_unique() < some.len() / 2:
        return False
    words = some.str.strip_chars().str.count_matches(r"\s+").mean()
    letters = some.str.len_chars().mean()
    return float(words or 0) >= 2 or float(letters or 0) >= 40  # type: ignore[arg-type]


def _numbers(sides: Sequence[pl.Series]) -> tuple[Floats, Floats]:
    import polars as pl

    first, second = (side.cast(pl.Float64).to_numpy().astype(np.float64) for side in sides)
    finite = first[np.isfinite(first)]
    # Scaled first: the squares in the standard deviation of numbers near 1e300 would be infinite.
    size = float(np.abs(finite).max(initial=0)) or 1.0
    middle = float(np.median(finite)) if finite.size else 0.0
    unit = (float((finite / size).std()) * size if finite.size else 0.0) or size
    made = []
    for values in (first, second):
        with np.errstate(over="ignore", invalid="ignore"):
            # Clipped, so that one wild value does not outweigh all other columns in a distance.
            made.append(np.clip((values / unit - middle / unit), -_MAX_DEVIATIONS, _MAX_DEVIATIONS)[:, None])
    return made[0], made[1]


def _categories(sides: Sequence[pl.Series]) -> tuple[Floats, Floats]:
    import polars as pl

    counted = pl.concat([side.alias("v") for side in sides]).drop_nulls().value_counts()
    often = counted.sort("count", "v", descending=[True, False])["v"].head(MAX_CATEGORIES).to_list()
    made = [
        np.stack([(side == word).fill_null(value=False).to_numpy() for word in often], axis=1).astype(float)
        if often
        else np.empty((side.len(), 0))
        for side in sides
    ]
    return made[0], made[1]


def _texts(sides: Sequence[pl.Series], dimensions: int) -> tuple[Floats, Floats]:
    first, second = (embed_texts(side.fill_null("").to_list(), dimensions) for side in sides)
    return first, second
