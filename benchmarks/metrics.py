"""Metrics over a million rows: value, interval and paired difference of two models, and scikit-learn's value.

For each metric the plain value of scikit-learn (or of NumPy where scikit-learn has none) is measured, then
ours with everything: both models' values with intervals, and the paired interval of their difference. Ratios
are to scikit-learn's value of both models, best of some rounds, CPU time in one thread; the aim is 3.
``ARGS="--rows 100000"`` takes fewer rows.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402 - one thread first
from sklearn import metrics as sk  # noqa: E402

from meguru.metrics import ScoredRows, metric_of  # noqa: E402
from meguru.testing.scored_rows import ROWS  # noqa: E402

ROUNDS = 3
Plain = Callable[[Any, Any], Any]
DECIDED = {"accuracy", "balanced_accuracy", "f1", "precision", "recall", "mcc", "f1_macro", "f1_micro"}
BINARY: dict[str, Plain] = {
    "auc": sk.roc_auc_score,
    "pr_auc": sk.average_precision_score,
    "log_loss": sk.log_loss,
    "brier": sk.brier_score_loss,
    "accuracy": sk.accuracy_score,
    "balanced_accuracy": sk.balanced_accuracy_score,
    "precision": sk.precision_score,
    "recall": sk.recall_score,
    "f1": sk.f1_score,
    "mcc": sk.matthews_corrcoef,
    "recall_at_precision@0.5": sk.precision_recall_curve,
}
MANY: dict[str, Plain] = {
    "log_loss": sk.log_loss,
    "accuracy": sk.accuracy_score,
    "f1_macro": lambda y, p: sk.f1_score(y, p, average="macro"),
    "f1_micro": lambda y, p: sk.f1_score(y, p, average="micro"),
    "mcc": sk.matthews_corrcoef,
    "top_k_accuracy@2": lambda y, p: sk.top_k_accuracy_score(y, p, k=2),
}
NUMBERS: dict[str, Plain] = {
    "rmse": sk.root_mean_squared_error,
    "mae": sk.mean_absolute_error,
    "mape": sk.mean_absolute_percentage_error,
    "r2": sk.r2_score,
    "pinball@0.9": lambda y, p: sk.mean_pinball_loss(y, p, alpha=0.9),
}


def seconds(work: Callable[[], Any]) -> float:
    """Return the least CPU time of some rounds."""
    found = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def everything(name: str, one: ScoredRows, two: ScoredRows) -> None:
    """Measure both models with intervals, and their difference."""
    metric = metric_of(name)
    first, second = (ScoredRows(truth=rows.truth, answer=rows.answer) for rows in (one, two))
    metric.interval(first)
    metric.interval(second)
    metric.difference(first, second)


def answers(name: str, rows: ScoredRows) -> Any:
    """Return what scikit-learn's function is given: scores, or the class that was decided for."""
    found = rows.answer.get("score", rows.answer.get("probabilities"))
    if name.partition("@")[0] not in DECIDED:
        return found
    return found.argmax(axis=1) if found.ndim == 2 else (found > 0.5).astype(int)


def main() -> None:
    """Print one line a metric."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    n = parser.parse_args().rows
    warnings.simplefilter("ignore")
    print(f"{n:,} rows; seconds of CPU for two models\n{'metric':32}{'sklearn':>9}{'ours':>9}{'ratio':>8}")
    for task, plain in (("binary", BINARY), ("multiclass", MANY), ("regression", NUMBERS)):
        one, two = (ROWS[task](n, 0, skill) for skill in (1.0, 1.2))
        for name, function in plain.items():
            truth = one.truth.astype(int) if task != "regression" else one.truth
            given = [answers(name, rows) for rows in (one, two)]
            theirs = seconds(lambda: [function(truth, each) for each in given])  # noqa: B023 - called here
            ours = seconds(lambda: everything(name, one, two))  # noqa: B023 - called here
            print(f"{task + ' ' + name:32}{theirs:9.3f}{ours:9.3f}{ours / theirs:8.2f}", flush=True)
    print(f"\nNumPy {np.__version__}")


if __name__ == "__main__":
    main()
