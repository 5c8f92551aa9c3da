"""Outputs of a neural network as a task's raw answer: which of them are the scores, and in which shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from meguru.errors import InvalidInput
from meguru.flavors.base import Matrix
from meguru.flavors.tensors import TensorSpec
from meguru.tasks import Task
from meguru.tasks.generic import Generic

_MEANT = ("probabilities", "output_probability", "scores", "score", "variable", "predictions", "output")
"""What exporters call the output that counts, where there are others beside it."""


def scores_output(outputs: Mapping[str, TensorSpec | None], where: str = "") -> str:
    """Return the name of the output that holds a model's scores; None is an output that is no tensor.

    Raises
    ------
    InvalidInput
        When it can't be told.
    """
    numbers = [name for name, spec in outputs.items() if spec is None or np.dtype(spec.dtype).kind == "f"]
    if len(numbers) == 1:
        return numbers[0]
    if len(outputs) == 1 and not numbers:
        only, spec = next(iter(outputs.items()))
        if spec is not None and np.dtype(spec.dtype).kind in "iu":
            return only
    for name in _MEANT:
        if name in numbers:
            return name
    found = f"it gives {', '.join(list(outputs)[:6])}" if outputs else "it gives nothing"
    raise InvalidInput(
        "it can't be told which of the model's outputs holds its scores",
        where=where,
        field="estimator",
        why=found,
        hint="call it 'scores', or export the model with this output alone",
    )


def task_scores(values: Any, task: Task) -> Matrix:
    """Return scores in the shape of a task: (rows,), or (rows, k) where it has more than one value a row."""
    scores = np.asarray(_from_maps(values), dtype=np.float64)
    if task.key in _WIDE:
        return scores.reshape(len(scores), -1) if scores.ndim == 1 else scores
    if scores.ndim == 2 and scores.shape[1] == 1:
        return scores[:, 0]
    if task.key == "binary" and scores.ndim == 2 and scores.shape[1] == 2:
        return np.ascontiguousarray(scores[:, 1])
    return scores


_WIDE = frozenset({"multiclass", "multilabel", "multioutput", "quantile", "interval"})


def by_output(values: Sequence[Any], task: Generic) -> dict[str, Any]:
    """Return all that a network gives under the names that its task has for it."""
    return {output.name: _plain(each) for output, each in zip(task.outputs_, values, strict=True)}


def _plain(values: Any) -> Any:
    if isinstance(values, np.ndarray):
        return values.tolist() if values.dtype.kind != "f" else values.astype(np.float64)
    return values


def _from_maps(values: Any) -> Any:
    """Return the matrix of a list of maps from class to probability, which is how some exporters say it."""
    if isinstance(values, Sequence) and values and isinstance(values[0], Mapping):
        names = sorted(values[0])
        return [[row[name] for name in names] for row in values]
    return values
