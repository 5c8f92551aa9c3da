"""Metrics that are a smooth function of means over rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from meguru.metrics.base import Redraw
from meguru.metrics.influence import Influence, InfluenceMetric
from meguru.metrics.rows import ScoredRows
from meguru.stats.arrays import Floats

_STEP = 1e-150


class SumMetric(InfluenceMetric, frozen=True, forbid_unknown_fields=True):
    r"""A smooth function *g* of the weighted means *m* of terms *t* of each row.

    Two such metrics of disjoint rows add up: their sums do.

    Notes
    -----
    The influence of row *i* is :math:`\nabla g(m) \cdot (t_i - m)`, the delta method. The gradient is taken
    by a step along the imaginary axis, exact to machine precision, so *g* has to be written in operations
    that take complex numbers: no ``abs``, no comparison.

    References
    ----------
    Squire, W., Trapp, G. (1998). Using complex variables to estimate derivatives of real functions. SIAM
    Review 40.
    """

    def terms(self, rows: ScoredRows) -> Floats:
        """Return the terms of each row, shape (n,) or (n, k)."""
        raise NotImplementedError

    def combine(self, means: Any) -> Any:
        """Return the value from the means of the terms, shape (k,); the mean itself by default."""
        return means[0]

    def value(self, rows: ScoredRows) -> float:
        """Return the metric of the rows."""
        if not self.tells(rows):
            return float("nan")
        return float(self.combine(np.atleast_1d(rows.mean(self.terms(rows)))))

    def influence(self, rows: ScoredRows) -> Influence:
        """Return the value and each row's influence on it."""
        terms = self.terms(rows)
        means = np.atleast_1d(rows.mean(terms))
        slope = self._gradient(means)
        if terms.ndim == 1:
            pull = terms - means[0]
            pull *= slope[0]
        else:
            pull = terms @ slope - means @ slope
        return Influence(float(self.combine(means)), pull, rows.weight, rows.block)

    def redraw(self, rows: ScoredRows) -> Redraw:
        """Return what gives the value when rows count more or less often; terms are made once."""
        terms = self.terms(rows)
        weighted = terms if rows.weight is None else (terms.T * rows.weight).T
        weight = np.ones(len(rows)) if rows.weight is None else rows.weight

        def value(counts: Floats) -> float:
            total = float(counts @ weight)
            return float(self.combine(np.atleast_1d(counts @ weighted) / total)) if total else float("nan")

        return value

    def _gradient(self, means: Floats) -> Floats:
        steps = means.astype(np.complex128) + 1j * _STEP * np.eye(len(means))
        return np.array([complex(self.combine(each)).imag / _STEP for each in steps])
