"""The same rows for every task, with labels and an outcome of its kind."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import polars as pl

N = 60
_DRAW = np.random.default_rng(11)
X = np.round(_DRAW.normal(size=(N, 2)) * 8) / 8
"""Values that a float of 32 bits holds exactly, so that all flavors are asked the same."""
FRAME = pl.DataFrame({"wind": X[:, 0], "rain": X[:, 1]})
_SUM = X[:, 0] + X[:, 1] / 2
_CLASS = (X[:, 0] > 0).astype(np.int64) + (X[:, 1] > 0)


class TaskQuestion(NamedTuple):
    """What is asked of the models of one task.

    Attributes
    ----------
    task
        The task with its options.
    y
        What a model learns: numbers, shape (rows,) or (rows, k).
    labels
        The same as a holdout has them; None where no metric judges such a task.
    outcome
        What may really have happened to one row.
    activation
        The last step of a network: ``sigmoid``, ``softmax`` or ``linear``.
    width
        How many values a network gives for a row.
    """

    task: dict[str, Any]
    y: Any
    labels: list[Any] | None
    outcome: Any
    activation: str = "linear"
    width: int = 1


_BOTH = np.stack([X[:, 0] > 0, X[:, 1] > 0], axis=1).astype(np.int64)
_NUMBERS = _SUM.tolist()
QUESTIONS: dict[str, TaskQuestion] = {
    "binary": TaskQuestion(
        {"task": "binary"},
        (_SUM > 0).astype(np.int64),
        (_SUM > 0).tolist(),
        outcome=True,
        activation="sigmoid",
    ),
    "multiclass": TaskQuestion(
        {"task": "multiclass", "classes": [0, 1, 2]},
        _CLASS,
        _CLASS.tolist(),
        2,
        "softmax",
        3,
    ),
    "multilabel": TaskQuestion(
        {"task": "multilabel", "classes": [0, 1]},
        _BOTH,
        [[place for place in (0, 1) if row[place]] for row in _BOTH.tolist()],
        [1],
        "sigmoid",
        2,
    ),
    "regression": TaskQuestion({"task": "regression"}, _SUM, _NUMBERS, 1.5),
    "multioutput": TaskQuestion(
        {"task": "multioutput", "targets": ["up", "down"]}, X, X.tolist(), [1.0, 2.0], width=2
    ),
    "quantile": TaskQuestion({"task": "quantile", "levels": [0.1, 0.5, 0.9]}, _SUM, _NUMBERS, 1.5, width=3),
    "interval": TaskQuestion({"task": "interval"}, _SUM, _NUMBERS, 1.5, width=3),
    "forecast": TaskQuestion({"task": "forecast"}, _SUM, _NUMBERS, 1.5),
    "ranking": TaskQuestion({"task": "ranking", "group": "rain"}, _CLASS, _CLASS.tolist(), 1),
    "anomaly": TaskQuestion({"task": "anomaly"}, _SUM, (_SUM > 1).tolist(), outcome=False),
    "generic": TaskQuestion(
        {"task": "generic", "outputs": [{"name": "state", "shape": [3]}]},
        _SUM,
        None,
        {"seen": "rain"},
        width=3,
    ),
}
"""By the task's name."""
_ONE_LEVEL = TaskQuestion({"task": "quantile", "levels": [0.5]}, _SUM, _NUMBERS, 1.5)
_OTHERWISE = {(flavor, "quantile"): _ONE_LEVEL for flavor in ("lightgbm", "sklearn", "statsmodels")}
"""What a flavor can only do in part is asked in that part."""


def question(flavor: str, task: str) -> TaskQuestion:
    """Return what a flavor is asked for a task."""
    return _OTHERWISE.get((flavor, task), QUESTIONS[task])
