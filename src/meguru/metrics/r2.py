"""The coefficient of determination."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from meguru.metrics.influence import Influence, InfluenceMetric
from meguru.metrics.regression import NUMERIC, residuals
from meguru.metrics.rows import ScoredRows
from meguru.stats.arrays import Bools, Floats

_CANCELLED = 1e-8
"""A variance from sums is right to 1e-16 of the mean square, so above this to eight digits."""
_ROUNDING = 1e-12


class R2(InfluenceMetric, frozen=True, forbid_unknown_fields=True):
    r"""The share of the truth's variance that answers explain; of several targets the mean of theirs.

    Notes
    -----
    .. math:: 1 - \frac{\sum_i w_i (y_i - \hat y_i)^2}{\sum_i w_i (y_i - \bar y)^2}

    Below 0 when the mean of the truth would have been the better answer. When the truth is constant it is 1
    if all answers are exact, else 0, as in scikit-learn; NaN for fewer than two rows. Interval by the delta
    method.

    References
    ----------
    Wright, S. (1921). Correlation and causation. Journal of Agricultural Research 20.
    """

    key: ClassVar[str] = "r2"
    title: ClassVar[str] = "coefficient of determination"
    low: ClassVar[float] = -math.inf
    tasks: ClassVar[frozenset[str]] = NUMERIC

    def terms(self, rows: ScoredRows) -> Floats:
        """Return truth, its square and the squared error of each row, shape (n, 3 * targets)."""
        truth = np.asarray(rows.truth, dtype=np.float64).reshape(len(rows), -1)
        return np.hstack((truth, np.square(truth), np.square(residuals(rows)).reshape(len(rows), -1)))

    def combine(self, means: Any) -> Any:
        """Return the mean of the targets' shares from the means of `terms`.

        NaN where the truth hardly varies beside its size, such as moments in seconds: the variance is the
        difference of two sums that agree in nearly all of their 16 digits, so none of its own is left.
        """
        truth, square, error = np.reshape(means, (3, -1))
        variance = square - truth * truth
        is_known = np.real(variance) > _CANCELLED * np.real(square)
        shares = 1 - error / np.where(is_known, variance, 1.0)
        return np.mean(np.where(is_known, shares, math.nan))

    @staticmethod
    def _is_constant(rows: ScoredRows, variance: Floats) -> Bools:
        """Return which targets never change, shape (targets,)."""
        # The mean of equal numbers may be a last bit off, and then their variance is not 0: the values say.
        size = np.abs(np.atleast_1d(rows.mean(rows.truth)))
        is_near = variance <= np.square(_ROUNDING * size)
        if not is_near.any():
            return np.asarray(is_near)
        counted = rows.truth if rows.weight is None else rows.truth[rows.weight > 0]
        return np.asarray(is_near & (np.ptp(counted.reshape(len(counted), -1), axis=0) == 0))

    def influence(self, rows: ScoredRows) -> Influence:
        """Return the share and each row's influence on it."""
        if len(rows) < 2:
            return Influence(math.nan, np.full(len(rows), math.nan))
        squares = np.square(residuals(rows)).reshape(len(rows), -1)
        around = np.square(rows.truth - rows.mean(rows.truth)).reshape(len(rows), -1)
        error, variance = np.atleast_1d(rows.mean(squares)), np.atleast_1d(rows.mean(around))
        flat = self._is_constant(rows, variance)
        below = np.where(flat, 1.0, variance)
        of_target = np.where(flat, np.where(error == 0, 1.0, 0.0), 1 - error / below)
        # The delta method on 1 - E/V: dE lowers it by 1/V, dV raises it by E/V^2. In place: these are as
        # large as the rows.
        around *= np.where(flat, 0.0, error / below**2)
        squares *= np.where(flat, 0.0, 1 / below)
        pull = np.subtract(around, squares, out=around)
        value = float(of_target.mean())
        one = pull[:, 0] if pull.shape[1] == 1 else pull.mean(axis=1)
        return Influence(value, one, rows.weight, rows.block)
