"""Errors by group, as sums (moments) that add up over disjoint rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from meguru.fairness.counts import grouped, key_names, keys_of, named, numbers_of
from meguru.stats.arrays import Floats

if TYPE_CHECKING:
    import polars as pl

_CELL, _MIDDLE = "_cell", "_middle"
SUMS = ("known", "total", "size", "squares", "fourths")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupErrors:
    """Sums by group over the rows with an answer and an outcome, each of shape (groups,).

    An error is what was said minus what happened, in the label's unit.

    Parameters
    ----------
    groups, known
        What each is called, and how many such rows it has.
    total, size, squares, fourths
        The sums of the error, of its absolute value, and of its second and fourth power.
    """

    groups: tuple[str, ...]
    known: Floats
    total: Floats
    size: Floats
    squares: Floats
    fourths: Floats

    def mean(self, measure: str) -> tuple[Floats, Floats]:
        """Return each group's mean of a measure and its standard error; NaN of fewer than two rows.

        Of ``squared``, the root of the mean square, the error is by the delta method.
        """
        if measure == "error":
            return _mean(self.known, self.total, self.squares)
        if measure == "absolute":
            return _mean(self.known, self.size, self.squares)
        mean, error = _mean(self.known, self.squares, self.fourths)
        root = np.sqrt(mean)
        with np.errstate(divide="ignore", invalid="ignore"):
            return root, np.where(root > 0, error / (2 * root), error)


def _mean(known: Floats, total: Floats, squares: Floats) -> tuple[Floats, Floats]:
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(known > 0, total / known, np.nan)
        # Equal errors have variance 0, which the difference of two sums may round to below it.
        variance = np.maximum(squares - known * np.square(mean), 0.0) / (known - 1)
        return mean, np.where(known > 1, np.sqrt(variance / known), np.nan)


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
    found = grouped(frame, columns, cuts or {}, _sums(_error(score, truth)))
    return GroupErrors(groups=named(found, len(columns)), **numbers_of(found, SUMS))


def errors_by_score(
    frame: pl.DataFrame,
    columns: Sequence[str],
    *,
    score: str,
    truth: str | pl.Expr,
    cuts: Mapping[str, Sequence[float]] | None = None,
    bins: int = 5,
    min_rows: int = 100,
) -> GroupErrors:
    """Measure errors by group and, within each group, by the height of the score.

    Parameters
    ----------
    frame, columns, score, truth, cuts
        As in `errors_by_group`.
    bins
        Scalar, count: each group's rows are cut into so many parts of equal size, from low scores to high.
    min_rows
        Scalar, count: into fewer parts, where they would have fewer rows than this.
    """
    import polars as pl

    grouped(frame, columns, cuts or {}, [])  # refuses too many groups
    keys = key_names(columns)
    kept = frame.with_columns(keys_of(frame, columns, cuts or {}))
    kept = kept.filter(_error(score, truth).is_not_null())
    size = pl.len().over(keys).cast(pl.Int64)
    parts = (size // min_rows).clip(1, bins)
    # By rank, not by value: parts are of equal size even where many scores are equal.
    place = (pl.col(score).rank("ordinal").over(keys).cast(pl.Int64) - 1) * parts // size
    cells = kept.with_columns(place.alias(_CELL))
    found = (
        cells.group_by(*keys, _CELL)
        .agg(*_sums(_error(score, truth)), pl.col(score).mean().alias(_MIDDLE))
        .sort(*keys, _CELL, nulls_last=True)
    )
    # Not from where to where: these would be the scores of two rows, and tell of which group those are.
    spans = [f"score about {middle:.3g}" for middle in found.get_column(_MIDDLE)]
    groups = zip(named(found, len(columns)), spans, strict=True)
    return GroupErrors(groups=tuple(map(", ".join, groups)), **numbers_of(found, SUMS))


def _error(score: str, truth: str | pl.Expr) -> pl.Expr:
    import polars as pl

    happened = pl.col(truth) if isinstance(truth, str) else truth
    error = pl.col(score).cast(pl.Float64) - happened.cast(pl.Float64)
    return pl.when(error.is_finite()).then(error)


def _sums(error: pl.Expr) -> list[pl.Expr]:
    return [
        error.count().alias("known"),
        error.sum().alias("total"),
        error.abs().sum().alias("size"),
        error.pow(2).sum().alias("squares"),
        error.pow(4).sum().alias("fourths"),
    ]
