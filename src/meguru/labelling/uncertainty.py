"""Uncertainty sampling: how unsure a model was of each answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from meguru.errors import InvalidInput
from meguru.predictions.types import SCORE_COLUMN, SHADOW_PREFIX
from meguru.tasks import output_column

if TYPE_CHECKING:
    from meguru.tasks import Task

_HALF = 0.5


def uncertainty(frame: pl.DataFrame, task: Task) -> pl.Series:
    """Return how unsure a model was of each row, the more the larger; null where nothing tells.

    Binary: how near the score is to a half. Classes: how near the two likeliest are to each other. Labels:
    how near the nearest probability is to a half. Intervals: their width. Other numbers: how far the model
    and those that score along are from each other.

    Raises
    ------
    InvalidInput
        When answers of this task don't tell it.
    """
    probabilities = output_column("probabilities")
    if task.key == "binary":
        return _of(frame, -(pl.col(SCORE_COLUMN) - _HALF).abs())
    if task.key == "multiclass" and probabilities in frame.columns:
        # The margin between the two likeliest classes, smallest first ("margin sampling").
        best = pl.col(probabilities).list.sort(descending=True)
        return _of(frame, best.list.get(1, null_on_oob=True) - best.list.get(0, null_on_oob=True))
    if probabilities in frame.columns:
        return _of(frame, -pl.col(probabilities).list.eval((pl.element() - _HALF).abs()).list.min())
    low, high = output_column("low"), output_column("high")
    if {low, high} <= set(frame.columns):
        return _of(frame, pl.col(high) - pl.col(low))
    along = [name for name in frame.columns if name.startswith(SHADOW_PREFIX) and ":" not in name[8:]]
    if along and SCORE_COLUMN in frame.columns:
        return _of(frame, pl.max_horizontal((pl.col(name) - pl.col(SCORE_COLUMN)).abs() for name in along))
    raise InvalidInput(
        f"answers of a {task.key} model don't tell of which it was unsure",
        field="strategy",
        hint="take a sample at random: --strategy random",
    )


def _of(frame: pl.DataFrame, expression: pl.Expr) -> pl.Series:
    return frame.select(expression.cast(pl.Float64).fill_nan(None).alias("unsure")).to_series()
