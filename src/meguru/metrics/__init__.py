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
        "auc_macro": "meguru.metrics.auc_macro:AucMacro",
        "balanced_accuracy": "meguru.metrics.balanced_accuracy:BalancedAccuracy",
        "brier": "meguru.metrics.brier:Brier",
        "calibration_error": "meguru.metrics.calibration_error:CalibrationError",
        "cost": "meguru.metrics.cost:Cost",
        "coverage": "meguru.metrics.coverage:Coverage",
        "f1": "meguru.metrics.f1:F1",
        "f1_macro": "meguru.metrics.f1:F1Macro",
        "f1_micro": "meguru.metrics.f1:F1Micro",
        "f1_weighted": "meguru.metrics.f1:F1Weighted",
        "interval_score": "meguru.metrics.interval_score:IntervalScore",
        "log_loss": "meguru.metrics.log_loss:LogLoss",
        "mae": "meguru.metrics.mae:Mae",
        "map": "meguru.metrics.mean_average_precision:MeanAveragePrecision",
        "mape": "meguru.metrics.mape:Mape",
        "mase": "meguru.metrics.mase:Mase",
        "mcc": "meguru.metrics.mcc:Mcc",
        "mrr": "meguru.metrics.mrr:Mrr",
        "ndcg": "meguru.metrics.ndcg:Ndcg",
        "pinball": "meguru.metrics.pinball:Pinball",
        "pr_auc": "meguru.metrics.pr_auc:PrAuc",
        "precision": "meguru.metrics.precision:Precision",
        "precision_macro": "meguru.metrics.precision:PrecisionMacro",
        "precision_micro": "meguru.metrics.precision:PrecisionMicro",
        "r2": "meguru.metrics.r2:R2",
        "recall": "meguru.metrics.recall:Recall",
        "recall_at_precision": "meguru.metrics.recall_at_precision:RecallAtPrecision",
        "recall_macro": "meguru.metrics.recall:RecallMacro",
        "recall_micro": "meguru.metrics.recall:RecallMicro",
        "rmse": "meguru.metrics.rmse:Rmse",
        "smape": "meguru.metrics.smape:Smape",
        "top_k_accuracy": "meguru.metrics.top_k_accuracy:TopKAccuracy",
        "width": "meguru.metrics.interval_width:Width",
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
