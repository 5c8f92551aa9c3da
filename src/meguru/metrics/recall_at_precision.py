"""How much can be found while the answers stay precise enough."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import numpy as np

from meguru.errors import InvalidInput
from meguru.metrics.base import Method, Resampler
from meguru.metrics.influence import Influence, InfluenceMetric
from meguru.metrics.rows import ScoredRows
from meguru.stats.arrays import Bools, Floats
from meguru.stats.intervals import Interval

MIN_ANALYTIC_ROWS = 20_000
"""So many rows tell how the share of label 1 goes around the threshold; fewer are drawn again."""
MIN_MARGIN = 0.05
"""By so much that share must lie below the precision, else the threshold is anywhere."""


class _Cut(NamedTuple):
    """Where the threshold lies: the recall, which rows are above, and the share of label 1 right at it."""

    recall: float
    above: Bools
    around: float


class RecallAtPrecision(InfluenceMetric, frozen=True, forbid_unknown_fields=True):
    r"""The greatest recall of any threshold with a precision of at least p: ``recall_at_precision@0.9``.

    Notes
    -----
    .. math:: \max_t \{ R(t) : P(t) \ge p \}

    0 when no threshold is that precise; NaN when no row is of label 1. It jumps where a threshold begins to
    be precise enough, so the interval is a bootstrap. From 20,000 rows on it is analytic: with
    :math:`\rho` the share of label 1 among the rows at the threshold *t*, and :math:`\pi` that of all, the
    influence of a row is, by the implicit function theorem,

    .. math:: \frac{1}{\pi}\left( y_i [s_i > t] - R\,y_i + \frac{\rho}{p - \rho} [s_i > t] (y_i - p) \right)
    """

    key: ClassVar[str] = "recall_at_precision"
    parameter: ClassVar[str] = "precision"
    title: ClassVar[str] = "recall at a precision"
    tasks: ClassVar[frozenset[str]] = frozenset({"binary", "anomaly"})

    precision: float = 0.9

    def check(self) -> None:
        """Refuse a precision that is none."""
        if not 0 < self.precision <= 1:
            why = f"it is {self.precision:g}"
            raise InvalidInput("precision must lie above 0, up to 1", field="precision", why=why)

    def value(self, rows: ScoredRows) -> float:
        """Return the recall."""
        return self.resampler(rows)(np.ones(len(rows))) if self.has_evidence(rows) else float("nan")

    def influence(self, rows: ScoredRows) -> Influence:
        """Return the recall and each row's influence on it, where there are many rows."""
        cut, positive = self._cut(rows), rows.positive
        share = cut.around / (self.precision - cut.around)
        pull = (
            np.where(cut.above, positive + share * (positive - self.precision), 0.0) - cut.recall * positive
        )
        return Influence(cut.recall, pull / float(rows.mean(positive)), rows.weight, rows.block)

    def interval(
        self, rows: ScoredRows, *, level: float = 0.95, seed: int = 0, method: Method = "auto"
    ) -> Interval:
        """Return the recall with its interval."""
        method = method if self._is_smooth(rows) else "bootstrap"
        return super().interval(rows, level=level, seed=seed, method=method)

    def difference(
        self,
        rows: ScoredRows,
        other: ScoredRows,
        *,
        level: float = 0.95,
        seed: int = 0,
        method: Method = "auto",
    ) -> Interval:
        """Return the recall of `rows` minus that of `other`, with the paired interval."""
        method = method if self._is_smooth(rows) and self._is_smooth(other) else "bootstrap"
        return super().difference(rows, other, level=level, seed=seed, method=method)

    def resampler(self, rows: ScoredRows) -> Resampler:
        """Return what gives the recall when rows count more or less often."""
        order, ends = rows.descending
        positive = rows.positive[order]
        weight = np.ones(len(rows)) if rows.weight is None else rows.weight

        def recall(counts: Floats) -> float:
            mass = (counts * weight)[order]
            right, every = np.cumsum(mass * positive)[ends], np.cumsum(mass)[ends]
            if not right[-1]:
                return float("nan")
            precise = right[self._is_precise(right, every)]
            return float(precise.max(initial=0.0) / right[-1])

        return recall

    def _is_precise(self, right: Floats, every: Floats) -> Bools:
        """Return at which thresholds the answers are precise enough; nowhere without any answer."""
        # A quotient is rounded once, so 55 of 100 is 0.55; the product 0.55 * 100 is a last bit above 55.
        return np.divide(right, every, out=np.zeros_like(right), where=every > 0) >= self.precision

    def _is_smooth(self, rows: ScoredRows) -> bool:
        if len(rows) < MIN_ANALYTIC_ROWS or self.missing(rows):
            return False
        cut = self._cut(rows)
        return 0 < cut.recall < 1 and cut.around < self.precision - MIN_MARGIN

    def _cut(self, rows: ScoredRows) -> _Cut:
        score, (order, ends) = rows.answer["score"], rows.descending
        positive = rows.positive[order]
        mass = np.ones(len(rows)) if rows.weight is None else rows.weight[order]
        right, every = np.cumsum(mass * positive)[ends], np.cumsum(mass)[ends]
        precise = np.flatnonzero(self._is_precise(right, every))
        if not len(precise) or not right[-1]:
            return _Cut(0.0, np.zeros(len(rows), dtype=bool), 1.0)
        last = ends[precise[-1]]
        # n^(2/3) rows on either side: a window that grows, but slower than the rows, makes both bias and
        # variance of the density vanish.
        near = slice(max(0, last - (reach := int(len(rows) ** (2 / 3)))), last + reach)
        weighed = float(mass[near].sum())
        around = float((mass * positive)[near].sum()) / weighed if weighed else 1.0
        return _Cut(float(right[precise[-1]] / right[-1]), score >= score[order[last]], around)
