"""What a column looks like on two sides, for people's eyes: shares of rows over common bins."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import polars as pl

    from meguru.stats.arrays import Floats

BINS = 20
MAX_CATEGORIES = 12
_MIDDLE = (0.005, 0.995)


class BinShare(NamedTuple):
    """A bin or a category, and the shares of rows of both sides that are in it."""

    label: str
    reference: float
    current: float


def column_shares(before: pl.Series, after: pl.Series) -> list[BinShare]:
    """Return the shares over bins of both sides together, or over the most frequent categories.

    Numbers outside the middle 99 % of both sides are counted in the outer bins; what is neither has none.
    """
    import polars as pl

    before, after = (
        each.to_physical() if isinstance(each.dtype, pl.Duration) else each for each in (before, after)
    )
    if before.dtype.is_numeric() and after.dtype.is_numeric():
        return _numbers(_finite(before), _finite(after))
    return _categories(before.drop_nulls(), after.drop_nulls())


def _finite(values: pl.Series) -> Floats:
    import polars as pl

    found: Floats = values.drop_nulls().cast(pl.Float64).to_numpy()
    return found[np.isfinite(found)]


def _numbers(before: Floats, after: Floats) -> list[BinShare]:
    if not before.size or not after.size:
        return []
    # Scaled first: of numbers near the largest double the difference, and so the bins, would be infinite.
    size = (
        float(max(np.abs(before).max(), np.abs(after).max())) or 1.0
    )  # the span of any numbers is finite so
    before, after = before / size, after / size
    low, high = np.quantile(np.concatenate((before, after)), _MIDDLE)
    edges = np.linspace(low, high, BINS + 1) if high > low else low + np.array([-0.5, 0.5]) / max(size, 0.5)
    sides = [
        np.histogram(np.clip(each, edges[0], edges[-1]), edges)[0] / each.size for each in (before, after)
    ]
    with np.errstate(over="ignore"):
        edges = edges * size
    return [
        BinShare(f"{left:.4g} to {right:.4g}", float(p), float(q))
        for left, right, p, q in zip(edges[:-1], edges[1:], *sides, strict=True)
    ]


def _categories(before: pl.Series, after: pl.Series) -> list[BinShare]:
    import polars as pl

    if not len(before) or not len(after) or before.dtype.is_nested() or after.dtype.is_nested():
        return []
    if any(isinstance(each.dtype, pl.Binary | pl.Object) for each in (before, after)):
        return []
    sides = [dict(each.cast(pl.String).value_counts().iter_rows()) for each in (before, after)]
    total = {word: sides[0].get(word, 0) + sides[1].get(word, 0) for side in sides for word in side}
    first = sorted(total, key=lambda word: (-total[word], word))[:MAX_CATEGORIES]
    rows = [
        BinShare(word, sides[0].get(word, 0) / len(before), sides[1].get(word, 0) / len(after))
        for word in first
    ]
    if len(total) > MAX_CATEGORIES:
        rest = (1 - sum(share.reference for share in rows), 1 - sum(share.current for share in rows))
        rows.append(BinShare("others", max(0.0, rest[0]), max(0.0, rest[1])))
    return rows
