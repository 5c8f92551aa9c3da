"""Losses of predicted probabilities."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from meguru.errors import InvalidInput
from meguru.stats.arrays import Bools, Floats, as_floats, as_labels, same_length


def brier(labels: npt.ArrayLike, probabilities: npt.ArrayLike) -> float:
    """The mean squared distance of a probability from what happened; 0 is perfect, NaN when empty.

    Parameters
    ----------
    labels
        Shape (n,), 0 or 1.
    probabilities
        Shape (n,), of label 1, in [0, 1].

    References
    ----------
    Brier, G. W. (1950). Verification of forecasts expressed in terms of probability. Monthly Weather Review
    78.
    """
    truth, chance = _read(labels, probabilities)
    return float(np.mean(np.square(chance - truth))) if truth.size else math.nan


def log_loss(labels: npt.ArrayLike, probabilities: npt.ArrayLike) -> float:
    """The mean negative log likelihood, in nats; NaN when empty.

    Probabilities are kept one machine epsilon away from 0 and 1, so that a certain mistake costs 36 and not
    infinity.
    """
    truth, chance = _read(labels, probabilities)
    if not truth.size:
        return math.nan
    epsilon = float(np.finfo(np.float64).eps)
    given = np.where(truth, chance, 1 - chance)
    return float(-np.mean(np.log(np.clip(given, epsilon, 1 - epsilon))))


def _read(labels: npt.ArrayLike, probabilities: npt.ArrayLike) -> tuple[Bools, Floats]:
    truth, chance = as_labels(labels), as_floats(probabilities, "probabilities")
    same_length(truth, chance, "labels and probabilities")
    if chance.size and (float(chance.min()) < 0 or float(chance.max()) > 1):
        raise InvalidInput(
            "probabilities must lie between 0 and 1",
            field="probabilities",
            why=f"they range from {chance.min():g} to {chance.max():g}",
            hint="pass predict_proba's column of label 1, not a decision value",
        )
    return truth, chance
