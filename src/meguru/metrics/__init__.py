"""How good answers are: a family of metrics with weights, intervals and paired differences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meguru.base.plugins import PluginFamily
from meguru.metrics.base import Direction, Method, Metric
from meguru.metrics.read import known_or_none, read_metric
from meguru.metrics.rows import ScoredRows

__all__ = ["METRICS", "Direction", "Method", "Metric", "ScoredRows", "find_metric", "metric_of"]

METRICS = PluginFamily(
    "metric",
    {
        "accuracy": "meguru.metrics.accuracy:Accuracy",
        "auc": "meguru.metrics.auc:Auc",
        "brier": "meguru.metrics.brier:Brier",
        "log_loss": "meguru.metrics.log_loss:LogLoss",
        "mae": "meguru.metrics.mae:Mae",
        "rmse": "meguru.metrics.rmse:Rmse",
    },
)
"""Each member is a frozen struct that follows `Metric`."""


def metric_of(given: str | Mapping[str, Any] | Metric) -> Metric:
    """Return a metric by its name (``ndcg@10``), by its options (``{"metric": "cost", …}``), or as it is.

    Raises
    ------
    NotFound
        When no metric has the name; near misses are offered.
    InvalidInput
        When an option is unknown, of the wrong type or senseless.
    """
    return read_metric(METRICS, given)


def find_metric(name: str) -> Metric | None:
    """Return a metric by its name; None when it is none of ours, such as a number that its author gave."""
    return known_or_none(METRICS, name)
