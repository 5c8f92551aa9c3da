"""What of a column is compared: its kind on both sides, and the values or counts that a test takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from meguru.stats.arrays import Floats
from meguru.stats.drift import CategoryCounts, SampledValues
from meguru.stats.drift.encoding import is_text

if TYPE_CHECKING:
    import polars as pl

MAX_CODES = 20
"""Numbers with no more values than this, each five times there on average, are compared as categories."""
MAX_CATEGORIES = 100
"""The most frequent categories of both sides together stand alone; the others are one."""


def kind_of(values: pl.Series) -> str:
    """Return what a column holds: number, category, text, time, vector, other; null if it has no value."""
    import polars as pl

    kind = values.dtype
    if not len(present(values)):
        return "null"
    if kind.is_numeric() or isinstance(kind, pl.Duration):
        return "number"
    if isinstance(kind, pl.String) and is_text(values):
        return "text"
    if isinstance(kind, pl.Boolean | pl.String | pl.Categorical | pl.Enum):
        return "category"
    if isinstance(kind, pl.List | pl.Array) and kind.inner.is_numeric():
        return "vector"
    return "time" if kind.is_temporal() else "other"


def common_kind(before: str, after: str) -> str | None:
    """Return the kind as which both sides can be compared; None if there is none."""
    if "null" in (before, after):
        return after if before == "null" else before
    if {before, after} == {"text", "category"}:
        return "category"
    return before if before == after else None


def present(values: pl.Series) -> pl.Series:
    """Return what is not missing: neither null nor a number that is not finite."""
    if values.dtype.is_float():
        found = values.drop_nulls()
        return found if found.is_finite().all() else found.filter(found.is_finite())
    return values.drop_nulls()


def numbers(values: pl.Series) -> Floats:
    """Return numbers, durations and moments (as seconds since 1970, or of a day) in ascending order."""
    import polars as pl

    per = 1.0
    if isinstance(values.dtype, pl.Date):
        per = 1 / 86_400
    elif isinstance(values.dtype, pl.Time):
        per = 1e9
    elif isinstance(values.dtype, pl.Datetime | pl.Duration):
        per = {"ms": 1e3, "us": 1e6, "ns": 1e9}[values.dtype.time_unit]
    plain = values.to_physical() if values.dtype.is_temporal() else values
    found: Floats = np.sort(plain.cast(pl.Float64).to_numpy())
    return found if per == 1 else found / per


def of_numbers(before: pl.Series, after: pl.Series) -> SampledValues:
    """Take the values of both sides."""
    return SampledValues(reference=numbers(before), current=numbers(after))


def are_codes(sides: Sequence[pl.Series]) -> bool:
    """Tell whether numbers are so few that they are names of something."""
    most = [min(MAX_CODES, len(side) // 5) for side in sides]
    # The first thousand rows decide for nearly all columns, without hashing five million values.
    firsts = (each.head(1000).n_unique() <= many for each, many in zip(sides, most, strict=True))
    return all(firsts) and all(each.n_unique() <= many for each, many in zip(sides, most, strict=True))


def of_categories(before: pl.Series, after: pl.Series) -> CategoryCounts:
    """Count the categories of both sides, the rarest together."""
    import polars as pl

    if before.dtype.is_numeric() and before.dtype != after.dtype:
        before, after = before.cast(pl.Float64), after.cast(pl.Float64)
    counted = [
        each.alias("value").value_counts(name=side).cast({"value": pl.String})
        for each, side in ((before, "before"), (after, "after"))
    ]
    both = counted[0].join(counted[1], on="value", how="full", coalesce=True).fill_null(0)
    both = both.with_columns(total=pl.col("before") + pl.col("after")).sort(
        "total", "value", descending=[True, False]
    )
    first, second = (_with_rest(both[side].to_numpy().astype(np.float64)) for side in ("before", "after"))
    return CategoryCounts(reference=first, current=second)


def vectors(values: pl.Series) -> Floats | None:
    """Return lists of numbers as vectors, shape (n, d); None if they are not of one length, or not finite."""
    lengths = values.list.len() if values.dtype.base_type().__name__ == "List" else None
    if lengths is not None and lengths.n_unique() != 1:
        return None
    found = np.array(values.to_list(), dtype=np.float64)
    return found if found.ndim == 2 and found.shape[1] and np.isfinite(found).all() else None


def _with_rest(counts: Floats) -> Floats:
    if counts.size <= MAX_CATEGORIES:
        return counts
    return np.append(counts[:MAX_CATEGORIES], counts[MAX_CATEGORIES:].sum())
