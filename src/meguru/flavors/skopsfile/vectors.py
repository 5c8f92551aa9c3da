"""Support vectors: libsvm reads its arrays by the sizes of others, so all of them must fit."""

from __future__ import annotations

from typing import Any

import numpy as np

_KERNELS = {"linear", "poly", "rbf", "sigmoid"}
_LARGEST_DEGREE = 1000


def check(part: Any) -> None:
    """Check a support-vector machine of libsvm; ValueError says what does not fit."""
    from sklearn.svm._base import BaseLibSVM

    if not isinstance(part, BaseLibSVM) or "support_" not in vars(part):
        return
    if not isinstance(part.kernel, str) or part.kernel not in _KERNELS:
        raise ValueError(f"a support-vector machine's kernel must be one of {', '.join(sorted(_KERNELS))}")
    if type(part.degree) is not int or not 0 <= part.degree <= _LARGEST_DEGREE:
        raise ValueError("a kernel of a strange degree")
    counts = _array(part._n_support, np.int32, 1)  # noqa: SLF001
    classes = len(counts)
    if classes < 2 or (counts < 0).any() or classes != _expected(part):
        raise ValueError("a support-vector machine's classes do not fit")
    total = int(counts.sum() if _classifies(part) else counts[0])
    pairs = classes * (classes - 1) // 2
    if _array(part.support_, np.int32, 1).shape != (total,):
        raise ValueError("support vectors do not fit their number")
    _vectors(part, total, classes)
    if _array(part._intercept_, np.float64, 1).shape != (pairs,):
        raise ValueError("a support-vector machine's intercepts do not fit its classes")
    for fitted in (part._probA, part._probB):  # noqa: SLF001
        if _array(fitted, np.float64, 1).size not in {0, 1, pairs}:
            raise ValueError("a support-vector machine's probabilities do not fit its classes")
        if _classifies(part) and fitted.size not in {0, pairs}:
            raise ValueError("a support-vector machine's probabilities do not fit its classes")


def _classifies(part: Any) -> bool:
    return part._impl in {"c_svc", "nu_svc"}  # noqa: SLF001


def _expected(part: Any) -> int:
    """Return how many classes libsvm sees: regression and one class count as two."""
    return len(part.classes_) if _classifies(part) else 2


def _vectors(part: Any, total: int, classes: int) -> None:
    vectors, weights = part.support_vectors_, part._dual_coef_
    if part._sparse:  # noqa: SLF001
        if weights.data.size != total * (classes - 1) or vectors.indices.dtype != np.int32:
            raise ValueError("sparse support vectors do not fit their weights")
        weights = weights.data.reshape(classes - 1, total)
    elif _array(vectors, np.float64, 2).shape[0] != total:
        raise ValueError("support vectors do not fit their number")
    if vectors.shape != (total, part.n_features_in_) or _array(weights, np.float64, 2).shape != (
        classes - 1,
        total,
    ):
        raise ValueError("support vectors do not fit their weights or the model's features")


def _array(value: Any, dtype: Any, dimensions: int) -> np.ndarray[Any, Any]:
    if not isinstance(value, np.ndarray) or value.dtype != dtype or value.ndim != dimensions:
        raise ValueError("a support-vector machine holds an array of another kind")
    return value
