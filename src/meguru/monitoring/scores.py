"""How well one score a row ranks two classes: the figures that every report of such a model has."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from meguru.monitoring.measured import Estimate
from meguru.predictions.types import OUTCOME_COLUMN
from meguru.stats import (
    Interval,
    bootstrap_auc,
    bootstrap_difference,
    delong_auc,
    delong_difference,
)
from meguru.stats.arrays import Floats

if TYPE_CHECKING:
    import polars as pl

SCORES = frozenset({"binary", "anomaly"})
"""The tasks whose answers are one score of two classes."""
MIN_RARER_CLASS = 200
"""Outcomes of the rarer class: below, the bootstrap is used, which does not lean on the normal law."""


def known_scores(rows: pl.DataFrame, *columns: str) -> tuple[Floats, tuple[Floats, ...]]:
    """Return outcome and scores of the rows that have them all; none where they are no numbers."""
    wanted = [OUTCOME_COLUMN, *columns]
    numbers = set(wanted) <= set(rows.columns) and all(rows.schema[each].is_numeric() for each in wanted)
    known = rows.select(wanted).drop_nulls().to_numpy() if numbers else np.empty((0, len(wanted)))
    known = known[np.isfinite(known).all(axis=1)]
    return known[:, 0], tuple(known[:, 1 + index] for index in range(len(columns)))


def measure_scores(truth: Floats, scores: Floats) -> tuple[Estimate | None, float | None]:
    """Return the AUC with its interval, and the Brier score; None without two classes, or probabilities."""
    if not _two_classes(truth):
        return None, None
    # DeLong's interval is asymptotic: with few of the rarer class it is too narrow.
    found = (delong_auc if _many(truth) else bootstrap_auc)(truth, scores)
    brier = float(np.mean(np.square(scores - truth))) if _are_probabilities(scores) else None
    return _estimate(found), brier


def score_difference(truth: Floats, live: Floats, other: Floats) -> Estimate | None:
    """Return the live model's AUC minus another one's on the same rows."""
    if not _two_classes(truth):
        return None
    paired = delong_difference if _many(truth) else bootstrap_difference
    return _estimate(paired(truth, live, other))


def _two_classes(truth: Floats) -> bool:
    return bool(truth.size) and bool(np.isin(truth, (0, 1)).all()) and 0 < truth.sum() < truth.size


def _many(truth: Floats) -> bool:
    return bool(min(truth.sum(), truth.size - truth.sum()) >= MIN_RARER_CLASS)


def _are_probabilities(scores: Floats) -> bool:
    return bool(scores.min() >= 0 and scores.max() <= 1)


def _estimate(found: Interval) -> Estimate | None:
    if math.isnan(found.low):
        return None
    return Estimate(
        value=found.estimate,
        low=found.low,
        high=found.high,
        level=found.level,
        method=found.method,
        n=found.n,
    )
