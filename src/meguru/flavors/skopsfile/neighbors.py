"""Neighbours: their points, labels and trees must fit, since native code looks labels up by point."""

from __future__ import annotations

from typing import Any

import numpy as np

_METHODS = {"brute", "kd_tree", "ball_tree"}


def check(part: Any) -> None:
    """Check an estimator that looks for neighbours; ValueError says what does not fit."""
    from sklearn.neighbors._base import NeighborsBase

    if not isinstance(part, NeighborsBase) or "_fit_method" not in vars(part):
        return
    points, rows = part._fit_X, part.n_samples_fit_  # noqa: SLF001
    if part._fit_method not in _METHODS or len(points.shape) != 2:  # noqa: SLF001
        raise ValueError("neighbours of a strange kind")
    if points.shape != (rows, part.n_features_in_) or getattr(points, "dtype", None) not in _FLOATS:
        raise ValueError("the points of neighbours do not fit the model")
    if part.n_neighbors is not None and (type(part.n_neighbors) is not int or part.n_neighbors < 1):
        raise ValueError("a strange number of neighbours")
    tree = vars(part).get("_tree")
    if (tree is None) != (part._fit_method == "brute"):  # noqa: SLF001
        raise ValueError("neighbours without their tree")
    if tree is not None and np.asarray(tree.data).shape != points.shape:
        raise ValueError("a tree of neighbours holds other points")
    _check_metric(part.effective_metric_params_, points.shape[1])
    if "classes_" in vars(part):
        _check_labels(part, rows)


_FLOATS = (np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.int64), np.dtype(np.bool_))


def _check_metric(params: dict[str, Any], width: int) -> None:
    for name, shape in {"V": (width,), "VI": (width, width), "w": (width,)}.items():
        value = params.get(name)
        if value is not None and np.shape(value) not in {shape, (width, width)}:
            raise ValueError("a distance whose parameters do not fit the model's features")


def _check_labels(part: Any, rows: int) -> None:
    labels = part._y  # noqa: SLF001
    if not isinstance(labels, np.ndarray) or labels.dtype != np.intp or labels.shape[:1] != (rows,):
        raise ValueError("the labels of neighbours do not fit their points")
    columns = labels.reshape(rows, -1)
    classes = part.classes_ if part.outputs_2d_ else [part.classes_]
    if columns.shape[1] != len(classes):
        raise ValueError("the labels of neighbours do not fit their classes")
    for column, known in zip(columns.T, classes, strict=True):
        if column.min() < 0 or column.max() >= len(known):
            raise ValueError("a neighbour of a class that the model does not have")
