"""How a model did on rows it had not seen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from meguru.errors import InvalidInput
from meguru.flavors.base import Matrix, Predictor
from meguru.tasks import Task, TaskOptions, plain

if TYPE_CHECKING:
    import polars as pl


RANGES = {"auc": (0.0, 1.0), "label_rate": (0.0, 1.0), "mae": (0.0, math.inf), "rmse": (0.0, math.inf)}
"""Between what values the measured metrics lie."""


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about a model's quality.

    `metrics` holds the author's numbers and those measured on the holdout (``auc`` and ``label_rate``, or
    ``mae`` and ``rmse``); a measured one takes the place of a claimed one. What is not finite is left out.
    """

    task: TaskOptions
    label: str = ""
    rows: int = 0
    positives: int | None = None
    metrics: dict[str, float] = {}
    params: dict[str, Any] = {}


def evaluate(
    predictor: Predictor,
    holdout: pl.DataFrame | None,
    *,
    label: str,
    metrics: dict[str, float],
    params: dict[str, Any],
) -> Evaluation:
    """Score the holdout and put the numbers beside those the author gave.

    Raises
    ------
    InvalidInput
        When a metric is not a number, a parameter is not JSON, or the label does not fit the task.
    """
    given = {name: _number(name, value) for name, value in metrics.items()}
    settings = _jsonable(params)
    if holdout is None:
        return Evaluation(task=plain(predictor.task), label=label, metrics=given, params=settings)
    task, computed = predictor.task, {}
    truth, answer = (
        _truth(task, holdout.get_column(label)),
        task.answer(predictor.predict(holdout), holdout.height),
    )
    known = ~np.isnan(truth).reshape(len(truth), -1).any(axis=1) if truth is not None else np.array([])
    if truth is not None and truth.ndim == 1 and "score" in answer and bool(known.any()):
        computed = _computed(task, truth[known], answer["score"][known])
    shown = {name: value for name, value in (given | computed).items() if math.isfinite(value)}
    positives = int(truth[known].sum()) if truth is not None and task.key == "binary" else None
    return Evaluation(
        task=plain(task),
        label=label,
        rows=holdout.height,
        positives=positives,
        metrics=shown,
        params=settings,
    )


def _computed(task: Task, truth: Matrix, scores: Matrix) -> dict[str, float]:
    from meguru.stats.auc import auc

    if task.key == "binary":
        return {"auc": auc(truth, scores), "label_rate": float(truth.mean())}
    error = truth - scores
    return {"mae": float(np.abs(error).mean()), "rmse": float(np.sqrt((error**2).mean()))}


def _truth(task: Task, column: pl.Series) -> Matrix | None:
    """Return the labels as metrics read them; None of a generic model, for which there are none."""
    return None if task.key == "generic" else task.truth(column)


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        why = repr(value)[:80]
        raise InvalidInput(f"the metric {name!r} is not a number", field=f"metrics.{name}", why=why) from None


def _jsonable(params: dict[str, Any]) -> dict[str, Any]:
    try:
        return dict(msgspec.json.decode(msgspec.json.encode(params, enc_hook=_plain)))
    except (TypeError, msgspec.MsgspecError) as error:
        raise InvalidInput("a parameter of the model is not JSON", field="params", why=str(error)) from error


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} {value!r} has no JSON form")
