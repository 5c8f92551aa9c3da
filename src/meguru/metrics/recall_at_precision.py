"""How much can be found while the answers stay precise enough."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from meguru.errors import InvalidInput
from meguru.metrics.base import Redraw
from meguru.metrics.influence import InfluenceMetric
from meguru.metrics.rows import ScoredRows
from meguru.stats.arrays import Floats
from meguru.stats.auc import tie_starts


class RecallAtPrecision(InfluenceMetric, frozen=True, forbid_unknown_fields=True):
    r"""The greatest recall of any threshold with a precision of at least p: ``recall_at_precision@0.9``.

    Notes
    -----
    .. math:: \max_t \{ R(t) : P(t) \ge p \}

    0 when no threshold is that precise; NaN when no row is of label 1. It jumps where a threshold begins to
    be precise enough, so the interval is a bootstrap: O(n) a draw after one sort, some seconds for a million
    rows.
    """

    key: ClassVar[str] = "recall_at_precision"
    parameter: ClassVar[str] = "precision"
    title: ClassVar[str] = "recall at a precision"
    tasks: ClassVar[frozenset[str]] = frozenset({"binary", "anomaly"})
    analytic: ClassVar[bool] = False

    precision: float = 0.9

    def check(self) -> None:
        """Refuse a precision that is none."""
        if not 0 < self.precision <= 1:
            why = f"it is {self.precision:g}"
            raise InvalidInput("precision must lie above 0, up to 1", field="precision", why=why)

    def value(self, rows: ScoredRows) -> float:
        """Return the recall."""
        return self.redraw(rows)(np.ones(len(rows))) if self.tells(rows) else float("nan")

    def redraw(self, rows: ScoredRows) -> Redraw:
        """Return what gives the recall when rows count more or less often."""
        order = np.argsort(-rows.answer["score"], kind="stable")
        ends = np.append(tie_starts(rows.answer["score"][order])[1:], len(order)) - 1
        positive = rows.positive[order]
        weight = np.ones(len(rows)) if rows.weight is None else rows.weight

        def recall(counts: Floats) -> float:
            mass = (counts * weight)[order]
            right, every = np.cumsum(mass * positive)[ends], np.cumsum(mass)[ends]
            if not right[-1]:
                return float("nan")
            precise = right[(right >= self.precision * every) & (every > 0)]
            return float(precise.max(initial=0.0) / right[-1])

        return recall
