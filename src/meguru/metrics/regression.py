"""What metrics of numbers share."""

from __future__ import annotations

import numpy as np

from meguru.errors import InvalidInput
from meguru.metrics.rows import ScoredRows
from meguru.stats.arrays import Floats

NUMERIC = frozenset({"regression", "multioutput", "quantile", "interval", "forecast"})
"""The tasks whose outcome is a number, or several."""


def residuals(rows: ScoredRows) -> Floats:
    """Return truth minus score, shape (n,) or (n, targets)."""
    truth, score = rows.truth, rows.answer["score"]
    if truth.shape != score.shape:
        raise InvalidInput(
            "truth and score must have one shape", field="score", why=f"{truth.shape} and {score.shape}"
        )
    return np.asarray(np.subtract(truth, score, dtype=np.float64))
