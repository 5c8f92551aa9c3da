"""The bounds of prediction intervals, as metrics read them."""

from __future__ import annotations

from meguru.metrics.rows import ScoredRows
from meguru.stats.arrays import Floats

SPANNED = frozenset({"quantile", "interval", "forecast"})
"""The tasks that may answer an interval."""


def span(rows: ScoredRows) -> tuple[Floats, Floats]:
    """Return the lower and the upper end, each of shape (n,): the outermost quantiles when there are some."""
    if rows.has("low", "high"):
        return rows.answer["low"], rows.answer["high"]
    quantiles = rows.answer["quantiles"]
    return quantiles[:, 0], quantiles[:, -1]


def need_span(key: str, rows: ScoredRows) -> str:
    """Return why a metric of intervals can't measure such rows; empty when it can."""
    if rows.has("low", "high") or (rows.has("quantiles") and len(rows.levels) > 1):
        return ""
    return f"{key} needs low and high, or two quantiles"
