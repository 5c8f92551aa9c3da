"""The area under the ROC curve."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from meguru.metrics.base import Method
from meguru.metrics.influence import Influence, InfluenceMetric, unknown, wilson_reach
from meguru.metrics.rows import ScoredRows, same_rows
from meguru.stats import bootstrap_auc, bootstrap_difference, delong_auc, delong_difference
from meguru.stats.arrays import Bools, Floats
from meguru.stats.auc import auc as area
from meguru.stats.auc import tie_starts
from meguru.stats.intervals import Interval

MIN_CLASS_ROWS = 200
"""Of the rarer class: with fewer the bootstrap is taken, which does not lean on the normal law."""


class Auc(InfluenceMetric, frozen=True, forbid_unknown_fields=True):
    r"""The probability that a row of label 1 scores above one of label 0; ties count one half.

    Notes
    -----
    .. math:: \frac{1}{m\,n} \sum_{i \in +} \sum_{j \in -} [s_i > s_j] + [s_i = s_j] / 2

    0.5 is what chance gives. The interval is DeLong's; below 200 rows of the rarer class the bootstrap; with
    weights or blocks DeLong's components are weighted and summed by block.

    References
    ----------
    Hanley, J. A., McNeil, B. J. (1982). The meaning and use of the area under a ROC curve. Radiology 143.
    DeLong, DeLong, Clarke-Pearson (1988). Comparing the areas under two or more correlated ROC curves.
    Biometrics 44.
    """

    key: ClassVar[str] = "auc"
    title: ClassVar[str] = "area under the ROC curve"
    max_bootstrap_rows: ClassVar[int] = 100_000
    tasks: ClassVar[frozenset[str]] = frozenset({"binary", "anomaly"})

    def value(self, rows: ScoredRows) -> float:
        """Return the area; NaN when a class is missing."""
        return (
            area(rows.positive, rows.answer["score"], rows.weight)
            if self.has_evidence(rows)
            else float("nan")
        )

    def influence(self, rows: ScoredRows) -> Influence:
        """Return the area and each row's influence on it; NaN when a class is missing."""
        weight = np.ones(len(rows)) if rows.weight is None else rows.weight
        share, value = ranked_shares(rows.positive, rows.answer["score"], weight)
        positives = float(rows.mean(rows.positive))
        # DeLong's components as an influence function: the AUC is a mean over positives of shares of
        # negatives.
        pull = (share - value) / np.where(rows.positive, positives, 1 - positives)
        return Influence(value, pull, rows.weight, rows.block)

    def interval(
        self, rows: ScoredRows, *, level: float = 0.95, seed: int = 0, method: Method = "auto"
    ) -> Interval:
        """Return the area with its interval."""
        if not self.has_evidence(rows) or not _two_classes(rows):
            return unknown(level, len(rows))
        if rows.weight is not None or rows.block is not None:
            return super().interval(rows, level=level, seed=seed, method=method)
        if _by_bootstrap(rows, method):
            found = bootstrap_auc(rows.positive, rows.answer["score"], level=level, seed=seed)
        else:
            found = delong_auc(rows.positive, rows.answer["score"], level)
        return found if method == "bootstrap" else self._widened_at_the_ends(found, rows, level)

    def _widened_at_the_ends(self, found: Interval, rows: ScoredRows, level: float) -> Interval:
        """Widen the interval of rows that are ordered perfectly, or all wrong, as Wilson's is wide.

        DeLong's variance is 0 there and every draw of the bootstrap is the same, however few the rows are.
        """
        positives = int(np.count_nonzero(rows.positive))
        reach = wilson_reach(min(positives, len(rows) - positives), level)
        if found.estimate == 1:
            return replace(found, low=min(found.low, 1 - reach))
        return replace(found, high=max(found.high, reach)) if found.estimate == 0 else found

    def difference(
        self,
        rows: ScoredRows,
        other: ScoredRows,
        *,
        level: float = 0.95,
        seed: int = 0,
        method: Method = "auto",
    ) -> Interval:
        """Return the area of `rows` minus that of `other`, with the paired interval."""
        same_rows(rows, other)
        if not (self.has_evidence(rows) and self.has_evidence(other)) or not _two_classes(rows):
            return unknown(level, len(rows))
        if rows.weight is not None or rows.block is not None:
            return super().difference(rows, other, level=level, seed=seed, method=method)
        scores = rows.answer["score"], other.answer["score"]
        if _by_bootstrap(rows, method):
            return bootstrap_difference(rows.positive, *scores, level=level, seed=seed)
        return delong_difference(rows.positive, *scores, level)


def ranked_shares(truth: Bools, scores: Floats, weight: Floats) -> tuple[Floats, float]:
    """For each row the share of the other class that it is ordered right with, shape (n,), and the AUC."""
    order = np.argsort(scores, kind="stable")
    starts = tie_starts(scores[order])
    ends = np.append(starts[1:], len(order))
    ordered, positive = weight[order], truth[order]
    shares = np.empty(len(order))
    total = []
    for mask, sign in ((positive, -1.0), (~positive, 1.0)):
        mine = np.where(mask, ordered, 0.0)
        heap = np.concatenate(([0.0], np.cumsum(mine)))
        below = (heap[starts] + heap[ends]) / 2
        total.append(heap[-1])
        share = below / heap[-1] if heap[-1] else below * np.nan
        spread = np.repeat(share if sign > 0 else 1 - share, ends - starts)
        shares[order[~mask]] = spread[~mask]
    value = float((weight * shares)[truth].sum() / total[0]) if total[0] else float("nan")
    return shares, value


def _two_classes(rows: ScoredRows) -> bool:
    weight = None if rows.weight is None else rows.weight > 0
    positive = rows.positive if weight is None else rows.positive[weight]
    return bool(positive.any()) and not bool(positive.all())


def _by_bootstrap(rows: ScoredRows, method: Method) -> bool:
    positives = int(np.count_nonzero(rows.positive))
    return method == "bootstrap" or (
        method == "auto" and min(positives, len(rows) - positives) < MIN_CLASS_ROWS
    )
