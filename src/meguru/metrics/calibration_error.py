"""How far predicted probabilities lie from how often it happens."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from meguru.errors import InvalidInput
from meguru.metrics.base import Direction, Method
from meguru.metrics.influence import Influence, InfluenceMetric
from meguru.metrics.probabilities import need_probabilities, probabilities
from meguru.metrics.resampling import dense
from meguru.metrics.rows import Codes, ScoredRows
from meguru.stats.arrays import Floats
from meguru.stats.intervals import Interval

_SMALLEST = 1e-150


class CalibrationError(InfluenceMetric, frozen=True, forbid_unknown_fields=True):
    r"""The mean gap between predicted probability and observed share, over bins of the probability (ECE).

    Notes
    -----
    .. math:: \sum_b \left| \frac{\sum_{i \in b} w_i (p_i - y_i)}{\sum_i w_i} \right|

    over `bins` of equal width; of more than two classes with the probability of the likeliest one. Noise
    makes gaps where there are none, so the value lies above the truth on average: intervals reach lower by
    that bias, which is found by inverting the mean of a folded normal for each bin.

    References
    ----------
    Naeini, M. P., Cooper, G. F., Hauskrecht, M. (2015). Obtaining well calibrated probabilities using
    Bayesian binning. AAAI.
    Roelofs, R. et al. (2022). Mitigating bias in calibration error estimation. AISTATS.
    """

    key: ClassVar[str] = "calibration_error"
    parameter: ClassVar[str] = "bins"
    title: ClassVar[str] = "expected calibration error"
    better: ClassVar[Direction] = "lower"
    measured_in: ClassVar[str] = "probability"
    tasks: ClassVar[frozenset[str]] = frozenset({"binary", "multiclass"})
    outputs: ClassVar[tuple[str, ...]] = ()

    bins: int = 15

    def check(self) -> None:
        """Refuse a number of bins that tells nothing."""
        if not 1 <= self.bins <= 1000:
            raise InvalidInput("bins must be 1 to 1000", field="bins", why=f"it is {self.bins}")

    def missing(self, rows: ScoredRows) -> str:
        """Need probabilities."""
        return need_probabilities(self.key, rows)

    def influence(self, rows: ScoredRows) -> Influence:
        """Return the mean gap and each row's influence on it."""
        gap, where = self._gaps(rows)
        sums = self._sums(gap, where, rows)
        value = float(np.abs(sums).sum())
        # The derivative of |s| is its sign; at 0, where it has none, the bin does not move.
        return Influence(value, np.sign(sums)[where] * gap - value, rows.weight, rows.block)

    def interval(
        self, rows: ScoredRows, *, level: float = 0.95, seed: int = 0, method: Method = "auto"
    ) -> Interval:
        """Return the mean gap with an interval that allows for its bias."""
        found = super().interval(rows, level=level, seed=seed, method=method)
        if np.isnan(found.low):
            return found
        return replace(found, low=max(0.0, found.low - self._bias(rows)))

    def difference(
        self,
        rows: ScoredRows,
        other: ScoredRows,
        *,
        level: float = 0.95,
        seed: int = 0,
        method: Method = "auto",
    ) -> Interval:
        """Return the difference of the mean gaps, with an interval that allows for their biases."""
        found = super().difference(rows, other, level=level, seed=seed, method=method)
        if np.isnan(found.low):
            return found
        # A bias of both models alike cancels; what is left of it could be either way.
        shift = self._bias(other) - self._bias(rows)
        low, high = found.low + min(0.0, shift), found.high + max(0.0, shift)
        return replace(found, low=max(-1.0, low), high=min(1.0, high))

    def _gaps(self, rows: ScoredRows) -> tuple[Floats, Codes]:
        """Return probability minus what happened, and the bin, both of shape (n,)."""
        if rows.has("probabilities") and rows.chances.shape[1] > 2:
            chance, happened = probabilities(rows.chances).max(axis=1), rows.decided == rows.truth
        else:
            chance, happened = probabilities(rows.chances)[:, 1], rows.positive
        where = np.minimum((chance * self.bins).astype(np.int64), self.bins - 1)
        return np.asarray(chance - happened), where

    def _sums(self, gap: Floats, where: Codes, rows: ScoredRows) -> Floats:
        weight = gap if rows.weight is None else gap * rows.weight
        return np.asarray(np.bincount(where, weights=weight, minlength=self.bins) / rows.total)

    def _bias(self, rows: ScoredRows) -> float:
        gap, where = self._gaps(rows)
        sums = self._sums(gap, where, rows)
        weight = gap if rows.weight is None else gap * rows.weight
        if rows.block is None:
            squares = np.bincount(where, weights=weight * weight, minlength=self.bins)
        else:
            # Rows of a block are added up before they are squared: they may err together.
            units, of_row = dense(rows.block)
            cells = np.bincount(of_row * self.bins + where, weights=weight, minlength=units * self.bins)
            squares = np.square(cells.reshape(units, self.bins)).sum(axis=0)
        spread = np.sqrt(np.maximum(squares / rows.total**2 - np.square(sums) / len(rows), 0.0))
        # Bins without spread: small enough to change no number, and the square of 1 / _SMALLEST is finite.
        spread = np.maximum(spread, _SMALLEST)
        return float((np.abs(sums) - unfolded(np.abs(sums), spread)).sum())


def unfolded(means: Floats, spread: Floats) -> Floats:
    """Return the mean of the normal whose absolute value has these means, 0 where none has; shape (n,)."""
    from scipy.special import ndtr

    # The folded mean rises with the mean by less than 1, so each step comes nearer from above and none
    # overshoots. After 20 the error is below 1e-3 of the spread, but for means that noise alone would make
    # (0.8 of the spread), where the curve is flat: there it is up to 0.1, which corrects too little.
    found = means
    for _ in range(20):
        ratio = found / spread
        folded = spread * np.sqrt(2 / np.pi) * np.exp(-np.square(ratio) / 2) + found * (1 - 2 * ndtr(-ratio))
        found = np.maximum(0.0, found + means - folded)
    return found
