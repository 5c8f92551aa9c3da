"""Performance estimation: metrics of the live model before the outcomes of a window are known (CBPE, DLE)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec
import numpy as np

from meguru.errors import InvalidInput
from meguru.monitoring.base import Baseline
from meguru.monitoring.measured import Estimate, MeasuredMetric, ModelPerformance
from meguru.monitoring.reliability import Reliability
from meguru.monitoring.scores import SCORES
from meguru.stats import ColumnCounts, ColumnProfile, NumericProfile
from meguru.stats.arrays import Floats
from meguru.stats.estimates import (
    CONFIDENCE_METRICS,
    Calibration,
    ScoreOutcomes,
    confidence_estimate,
    logistic_recalibration,
    reliability_groups,
)
from meguru.stats.estimates.tables import table_of
from meguru.stats.intervals import Interval

if TYPE_CHECKING:
    import polars as pl

LOSS_METRICS = frozenset({"mae", "rmse"})
"""What is estimated of models of numbers."""
MAX_SHARE_OUTSIDE = 0.05
"""Of the rows, beyond the bins of a baseline of few rows: what their scores are, bins don't say."""
MAX_ROWS = 5_000
"""Rows of a window of which errors are foretold."""


def with_expected(
    live: ModelPerformance, scored: ScoredCounts | None, baseline: Baseline
) -> ModelPerformance:
    """Return how the live model did, with what its own confidence makes expect of each metric.

    Parameters
    ----------
    live
        How it did on the rows whose outcome is known, if any.
    scored
        The scores of its rows, and how many have each; outcomes need not be known.
    baseline
        What became of its holdout by score.
    """
    calibration = _calibration(baseline)
    if calibration is None or scored is None:
        return live
    metrics = [
        msgspec.structs.replace(metric, expected=_estimate(metric, *scored, calibration))
        for metric in live.metrics
    ]
    return msgspec.structs.replace(live, metrics=metrics)


ScoredCounts: TypeAlias = tuple[Floats, Floats]
"""Scores, ascending, and how many rows have each; both of shape (n,)."""


def scores_of(rows: pl.DataFrame, column: str) -> ScoredCounts | None:
    """Return the scores of rows; None where they are no numbers."""
    if column not in rows.columns or not rows.schema[column].is_numeric():
        return None
    values = rows.get_column(column).drop_nulls().to_numpy().astype(np.float64)
    scores, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    return scores, counts.astype(np.float64)


def scores_of_bins(profile: ColumnProfile, now: ColumnCounts) -> ScoredCounts | None:
    """Return the scores that bins stand for; None where too many rows lie beyond the inner bins."""
    if not isinstance(profile, NumericProfile):
        return None
    rows = now.bins.astype(np.float64)
    # The outermost bins are as wide as what lies there: their middles say little of the scores in them.
    if rows[0] + rows[-1] > MAX_SHARE_OUTSIDE * rows.sum():
        return None
    return bin_scores(profile), rows


def with_expected_losses(
    live: ModelPerformance, rows: pl.DataFrame | None, baseline: Baseline
) -> ModelPerformance:
    """Return how a model of numbers did, with the errors that are expected of such rows as the window's.

    Parameters
    ----------
    live
        How it did on the rows whose outcome is known, if any.
    rows
        Its rows, or some of them.
    baseline
        What it lost on its holdout, and where.
    """
    if baseline.losses is None or rows is None or not rows.height:
        return live
    some = rows[np.linspace(0, rows.height - 1, min(rows.height, MAX_ROWS)).astype(np.int64)]
    table = table_of(some, baseline.losses.columns, baseline.losses.categories)
    metrics = [
        msgspec.structs.replace(
            measured_metric,
            expected=_as_estimate(baseline.losses.estimate(measured_metric.metric, table, live.rows)),
        )
        if measured_metric.metric in LOSS_METRICS
        else measured_metric
        for measured_metric in live.metrics
    ]
    return msgspec.structs.replace(live, metrics=metrics)


def with_reliability(live: ModelPerformance, known: ScoreOutcomes | None) -> ModelPerformance:
    """Return how the live model did, with how often it happened where the model said so."""
    if known is None or not known.total:
        return live
    scores, shares, rows = reliability_groups(known)
    slope = logistic_recalibration(known)
    reliability = Reliability(
        scores=scores.tolist(),
        shares=shares.tolist(),
        rows=[int(row) for row in rows],
        slope=slope[0] if slope else None,
        intercept=slope[1] if slope else None,
    )
    return msgspec.structs.replace(live, reliability=reliability)


def bin_scores(profile: NumericProfile) -> Floats:
    """Return the middle of each bin of a profile, shape (bins + 2,), ascending."""
    inner = np.linspace(profile.low, profile.high, len(profile.counts) - 1)
    least = profile.low if profile.minimum is None else profile.minimum
    most = profile.high if profile.maximum is None else profile.maximum
    edges = np.concatenate(([min(least, profile.low)], inner, [max(most, profile.high)]))
    return np.asarray((edges[1:] + edges[:-1]) / 2)


def _calibration(baseline: Baseline) -> Calibration | None:
    task = baseline.task
    if task is not None and task.key not in SCORES:
        return None
    outcomes = next(iter(baseline.outcomes.values()), None)
    return None if outcomes is None or not outcomes.both_classes else Calibration.of(outcomes)


def _estimate(
    measured: MeasuredMetric, scores: Floats, rows: Floats, calibration: Calibration
) -> Estimate | None:
    if measured.metric not in CONFIDENCE_METRICS:
        return None
    try:
        interval = confidence_estimate(measured.metric, scores, rows, calibration)
    except InvalidInput:
        return None
    return _as_estimate(interval)


def _as_estimate(found: Interval) -> Estimate | None:
    if not np.isfinite((found.estimate, found.low, found.high)).all():
        return None
    return Estimate(
        value=found.estimate,
        low=found.low,
        high=found.high,
        level=found.level,
        method=found.method,
        n=found.n,
    )
