"""How well each model of a window ranked the rows whose outcome is known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from meguru.monitoring.base import Baseline
from meguru.monitoring.types import Estimate, ModelPerformance, Role
from meguru.predictions.types import MODEL_COLUMN, OUTCOME_COLUMN, SCORE_COLUMN, SHADOW_PREFIX
from meguru.stats import (
    Interval,
    bootstrap_auc,
    bootstrap_difference,
    brier,
    delong_auc,
    delong_difference,
)
from meguru.stats.arrays import Floats

if TYPE_CHECKING:
    import polars as pl

FEW = 200  # of the rarer class: below, the bootstrap is used, which does not lean on the normal law
REFERENCES = ("auc", "holdout_auc")


def measure(
    frame: pl.DataFrame, live: str, baselines: Mapping[str, Baseline]
) -> tuple[ModelPerformance, ...]:
    """Measure every model of a window: the live one, those it followed, and its shadows, in this order.

    Parameters
    ----------
    frame
        As `predictions.window.frame` gives it.
    live
        The live model.
    baselines
        By model, for the AUC of its holdout.
    """
    if not live:
        return ()
    answered = [live, *sorted(set(frame[MODEL_COLUMN].unique()) - {live})]
    found = []
    for model in answered:
        rows = frame.filter(frame[MODEL_COLUMN] == model)
        role = Role.LIVE if model == live else Role.FORMER
        found.append(_measure(rows, SCORE_COLUMN, model, role, baselines))
    for column in frame.columns:
        if column.startswith(SHADOW_PREFIX):
            model = column.removeprefix(SHADOW_PREFIX)
            rows = frame.filter(frame[column].is_not_null())
            shadow = _measure(rows, column, model, Role.SHADOW, baselines)
            mine = rows.filter(rows[MODEL_COLUMN] == live)
            found.append(_with_difference(shadow, mine, column))
    return tuple(found)


def _measure(
    rows: pl.DataFrame, column: str, model: str, role: Role, baselines: Mapping[str, Baseline]
) -> ModelPerformance:
    truth, (scores,) = _known(rows, column)
    baseline = baselines.get(model)
    metrics = baseline.metrics if baseline else {}
    two = _two_classes(truth)
    return ModelPerformance(
        model=model,
        role=role,
        rows=rows.height,
        outcomes=truth.size,
        auc=_estimate((delong_auc if _many(truth) else bootstrap_auc)(truth, scores)) if two else None,
        brier=brier(truth, scores) if two and _are_probabilities(scores) else None,
        reference=next((metrics[name] for name in REFERENCES if name in metrics), None),
    )


def _with_difference(shadow: ModelPerformance, rows: pl.DataFrame, column: str) -> ModelPerformance:
    import msgspec

    truth, (live, other) = _known(rows, SCORE_COLUMN, column)
    if not _two_classes(truth):
        return shadow
    paired = delong_difference if _many(truth) else bootstrap_difference
    return msgspec.structs.replace(shadow, difference=_estimate(paired(truth, live, other)))


def _known(rows: pl.DataFrame, *columns: str) -> tuple[Floats, tuple[Floats, ...]]:
    """Return outcome and scores of the rows that have them all; outcomes that are no numbers are NaN."""
    given = rows.select(OUTCOME_COLUMN, *columns).drop_nulls()
    if not given.schema[OUTCOME_COLUMN].is_numeric():
        unmeasured = np.full(given.height, np.nan)
        return unmeasured, (unmeasured,) * len(columns)
    known = given.to_numpy()
    known = known[np.isfinite(known).all(axis=1)]
    return known[:, 0], tuple(known[:, 1 + index] for index in range(len(columns)))


def _two_classes(truth: Floats) -> bool:
    return bool(truth.size) and bool(np.isin(truth, (0, 1)).all()) and 0 < truth.sum() < truth.size


def _many(truth: Floats) -> bool:
    return bool(min(truth.sum(), truth.size - truth.sum()) >= FEW)


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
