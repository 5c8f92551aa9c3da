"""The loss that a quantile makes least."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from meguru.errors import InvalidInput
from meguru.metrics.base import Direction
from meguru.metrics.rows import ScoredRows
from meguru.metrics.sums import SumMetric
from meguru.stats.arrays import Floats


class Pinball(SumMetric, frozen=True, forbid_unknown_fields=True):
    r"""The mean pinball loss over the levels that a model answers, or at one: ``pinball@0.9``.

    Notes
    -----
    .. math:: \frac{1}{\sum_i w_i} \sum_i w_i \max\bigl(q (y_i - \hat y_i), (q - 1)(y_i - \hat y_i)\bigr)

    averaged over levels *q*. Of a model that answers one score, the score is taken for the quantile that the
    name says. At 0.5 it is half the mean absolute error.

    References
    ----------
    Koenker, R., Bassett, G. (1978). Regression quantiles. Econometrica 46.
    Gneiting, T., Raftery, A. E. (2007). Strictly proper scoring rules, prediction, and estimation. JASA 102.
    """

    key: ClassVar[str] = "pinball"
    parameter: ClassVar[str] = "level"
    title: ClassVar[str] = "pinball loss"
    better: ClassVar[Direction] = "lower"
    high: ClassVar[float] = math.inf
    measured_in: ClassVar[str] = "as the label"
    tasks: ClassVar[frozenset[str]] = frozenset({"regression", "quantile", "interval", "forecast"})

    level: float | None = None

    def check(self) -> None:
        """Refuse a level that is none."""
        if self.level is not None and not 0 < self.level < 1:
            raise InvalidInput(
                "a level lies between 0 and 1", field="level", why=f"it is {self.level:g}", hint="try 0.5"
            )

    def missing(self, rows: ScoredRows) -> str:
        """Need quantiles, or a score and a level."""
        if rows.has("quantiles"):
            known = self.level is None or self.level in rows.levels
            shown = ", ".join(f"{level:g}" for level in rows.levels)
            return "" if known else f"the model does not answer the level {self.level:g}, only {shown}"
        if self.level is None:
            return f"{self.key} needs quantiles, or a level for the score: {self.key}@0.5"
        return super().missing(rows)

    def terms(self, rows: ScoredRows) -> Floats:
        """Return the losses by level, shape (n, levels)."""
        if not rows.has("quantiles"):
            return _losses(rows.truth, rows.answer["score"], self.level or 0.5)
        levels = rows.levels if self.level is None else (self.level,)
        columns = (rows.answer["quantiles"][:, rows.levels.index(level)] for level in levels)
        found = [_losses(rows.truth, column, level) for column, level in zip(columns, levels, strict=True)]
        return np.column_stack(found) if len(found) > 1 else found[0]

    def combine(self, means: Any) -> Any:
        """Return the mean over levels."""
        return np.mean(means)


def _losses(truth: Floats, quantile: Floats, level: float) -> Floats:
    error = truth - quantile
    return np.maximum(level * error, (level - 1) * error)
