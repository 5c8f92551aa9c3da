"""How far off a model of numbers is in each group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from meguru.fairness.counts import grouped, named, numbers_of
from meguru.stats.arrays import Floats

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupErrors:
    """Means by group, each of shape (groups,).

    Parameters
    ----------
    groups, known
        What each is called, and how many rows with an outcome it has.
    error, error_spread
        The mean of what was said minus what happened, in the label's unit, and its standard error.
    absolute, absolute_spread
        That of the absolute error.
    """

    groups: tuple[str, ...]
    known: Floats
    error: Floats
    error_spread: Floats
    absolute: Floats
    absolute_spread: Floats


def errors_by_group(
    frame: pl.DataFrame,
    columns: Sequence[str],
    *,
    score: str,
    truth: str | pl.Expr,
    cuts: Mapping[str, Sequence[float]] | None = None,
) -> GroupErrors:
    """Measure errors by group; rows without a finite answer and outcome are left out.

    Parameters
    ----------
    frame, columns, cuts
        As in `count_groups`.
    score, truth
        Columns or expressions of numbers: what the model said (a value, or a probability), what happened.

    Raises
    ------
    InvalidInput
        When a column is not there, or there are more than 100 groups.
    """
    import polars as pl

    happened = pl.col(truth) if isinstance(truth, str) else truth
    error = pl.col(score).cast(pl.Float64) - happened.cast(pl.Float64)
    error = pl.when(error.is_finite()).then(error)
    spread = 1 / error.count().cast(pl.Float64).sqrt()
    sums = [
        error.count().alias("known"),
        error.mean().alias("error"),
        (error.std() * spread).alias("error_spread"),
        error.abs().mean().alias("absolute"),
        (error.abs().std() * spread).alias("absolute_spread"),
    ]
    found = grouped(frame, columns, cuts or {}, sums).fill_null(np.nan)
    names = ("known", "error", "error_spread", "absolute", "absolute_spread")
    return GroupErrors(groups=named(found, len(columns)), **numbers_of(found, names))
