"""Metrics that are a proportion of all rows, or of some; Wilson's interval."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from meguru.metrics.base import Method
from meguru.metrics.influence import Influence, InfluenceMetric, student_quantile, unknown
from meguru.metrics.rows import ScoredRows
from meguru.stats.arrays import Bools, Floats
from meguru.stats.intervals import Interval, wilson, wilson_share


class ShareMetric(InfluenceMetric, frozen=True, forbid_unknown_fields=True):
    r"""The share of rows that hit, among those that are asked; 0 when none is.

    Notes
    -----
    Wilson's interval. With weights or blocks the number of rows in it is the effective one,
    :math:`p(1-p) / \mathrm{var}(p)` with the variance of `InfluenceMetric`; when all hit or none does, that
    of Kish, :math:`(\sum w)^2 / \sum w^2`, or the number of blocks.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. JASA 22.
    Kish, L. (1965). Survey Sampling.
    Korn, E., Graubard, B. (1998). Confidence intervals for proportions with small expected number of positive
    counts estimated from survey data. Survey Methodology 24.
    """

    def hits(self, rows: ScoredRows) -> tuple[Bools, Bools | None]:
        """Return which rows hit, and which are asked (None: all), both of shape (n,); a hit is asked."""
        raise NotImplementedError

    def influence(self, rows: ScoredRows) -> Influence:
        """Return the share and each row's influence on it."""
        hit, asked = self.hits(rows)
        share, weight = _share(rows, hit, asked)
        among = weight / rows.total
        ones = 1.0 if asked is None else asked
        pull = (hit - share * ones) / among if among else np.zeros(len(rows))
        return Influence(share, pull, rows.weight, rows.block)

    def terms(self, rows: ScoredRows) -> Floats:
        """Return of each row whether it hits, and whether it is asked, shape (n, 2)."""
        hit, asked = self.hits(rows)
        return np.column_stack((hit, np.ones(len(rows)) if asked is None else asked)).astype(np.float64)

    def combine(self, means: Any) -> Any:
        """Return the share from the means of `terms`."""
        return means[0] / means[1] if means[1] else means[1]

    def value(self, rows: ScoredRows) -> float:
        """Return the share."""
        if not self.has_evidence(rows):
            return float("nan")
        return _share(rows, *self.hits(rows))[0]

    def interval(
        self, rows: ScoredRows, *, level: float = 0.95, seed: int = 0, method: Method = "auto"
    ) -> Interval:
        """Return the share with Wilson's interval."""
        if method == "bootstrap" or not self.has_evidence(rows):
            return super().interval(rows, level=level, seed=seed, method=method)
        hit, asked = self.hits(rows)
        if rows.weight is None and rows.block is None:
            among = len(rows) if asked is None else int(np.count_nonzero(asked))
            found = wilson(int(np.count_nonzero(hit)), among, level)
            return replace(found, n=len(rows), estimate=found.estimate if among else 0.0)
        return self._effective(rows, asked, level)

    def _effective(self, rows: ScoredRows, asked: Bools | None, level: float) -> Interval:
        influence = self.influence(rows)
        spread, units = influence.spread()
        if not spread >= 0:
            return replace(unknown(level, len(rows)), estimate=influence.value)
        share = influence.value
        # A spread of exactly 0 is that of rows that all hit, or of which none does (see _share): then the
        # variance tells nothing of how many rows there are, and Kish's number stands for them.
        size = share * (1 - share) / spread**2 if spread else _independent(rows, asked)
        z = student_quantile(level, units - 1)
        interval = wilson_share(share, size, z)
        return Interval(
            estimate=share,
            low=interval[0],
            high=interval[1],
            level=level,
            method="wilson, effective",
            n=len(rows),
        )


def _share(rows: ScoredRows, hit: Bools, asked: Bools | None) -> tuple[float, float]:
    """Return the share of the asked rows that hit, and what the asked rows weigh.

    The denominator is the weight of the hits plus that of the misses, not a sum of its own: two sums of the
    same weights in another order differ by a last bit, and a share of 1.0000000000000002 has an effective
    number of rows below 0. So all hits are exactly 1, and none exactly 0.
    """
    hits = _weigh(rows, hit)
    if rows.weight is None:  # counts are exact
        among = float(len(rows)) if asked is None else _weigh(rows, asked)
    else:
        among = hits + _weigh(rows, ~hit if asked is None else asked & ~hit)
    return (hits / among if among else 0.0), among


def _weigh(rows: ScoredRows, mask: Bools) -> float:
    return float(np.count_nonzero(mask)) if rows.weight is None else float(rows.weight @ mask)


def _independent(rows: ScoredRows, asked: Bools | None) -> float:
    """How many independent rows the asked ones are worth."""
    every = np.ones(len(rows), dtype=bool) if asked is None else asked
    if rows.weight is not None:
        every = every & (rows.weight > 0)
    if rows.block is not None:
        return float(len(np.unique(rows.block[every])))
    weight = np.ones(len(rows))[every] if rows.weight is None else rows.weight[every]
    squares = float(weight @ weight)
    return float(weight.sum()) ** 2 / squares if squares else 0.0
