"""Checks of predicted probabilities, shared by the metrics that need them."""

from __future__ import annotations

import numpy as np

from meguru.errors import InvalidInput
from meguru.metrics.rows import Array, ScoredRows
from meguru.stats.arrays import Floats


def need_probabilities(key: str, rows: ScoredRows) -> str:
    """Return why a metric of probabilities can't measure such rows; empty when it can."""
    return "" if rows.has("probabilities") or rows.has("score") else f"{key} needs probabilities"


def probabilities(values: Floats) -> Floats:
    """Return probabilities as they are.

    Raises
    ------
    InvalidInput
        When one is below 0 or above 1.
    """
    if values.size and (float(values.min()) < 0 or float(values.max()) > 1):
        raise InvalidInput(
            "probabilities must lie between 0 and 1",
            field="probabilities",
            why=f"they range from {values.min():g} to {values.max():g}",
            hint="the model answers decision values: calibrate it, or compare by auc",
        )
    return values


def probability_of_truth(chances: Floats, truth: Array) -> Floats:
    """Return the probability that was given to the true class, shape (n,); 0 for a class not known."""
    codes = truth.astype(np.int64, copy=False)
    given = np.take_along_axis(chances, np.maximum(codes, 0)[:, None], axis=1)[:, 0]
    return np.where(codes >= 0, given, 0.0)
