"""scikit-learn: each `fit` of a classifier or regressor, and of whatever follows its rules.

Estimators inherit no `fit`, so each class's own is replaced: those there are, and those to come.
XGBoost's and LightGBM's estimators are of scikit-learn too.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from meguru.app.autolog.patches import Patches
from meguru.app.autolog.training import AutologSettings, Training, current, quietly, training

_ROWS, _BASELINE_ROWS = 5, 2000
_CURVES = ("train_score_", "validation_score_", "loss_curve_", "validation_scores_")


def patch(patches: Patches, settings: AutologSettings, module: Any) -> None:
    """Follow every estimator."""
    del module
    from sklearn.base import BaseEstimator

    def follow(cls: type) -> None:
        patches.replace(cls, "fit", lambda original: _followed(original, settings))

    def init_subclass(cls: Any, /, **named: Any) -> None:
        super(BaseEstimator, cls).__init_subclass__(**named)
        quietly(follow, cls)

    for cls in list(_subclasses(BaseEstimator)):
        follow(cls)
    patches.add(BaseEstimator, "__init_subclass__", classmethod(init_subclass))


def _subclasses(cls: type) -> Iterator[type]:
    each: type
    for each in cls.__subclasses__():
        yield each
        yield from _subclasses(each)


def _followed(original: Callable[..., Any], settings: AutologSettings) -> Callable[..., Any]:
    @functools.wraps(original)
    def fit(self: Any, *given: Any, **named: Any) -> Any:
        outer = current()
        if (outer is not None and outer.subject is self) or not _is_followed(self):
            return original(
                self, *given, **named
            )  # a class's fit that calls the one above it is one training
        with training(settings, type(self).__name__, self) as found:
            result = original(self, *given, **named)
            if found.depth == 0:
                features = given[0] if given else named.get("X")
                quietly(_tell, found, self, features)
        return result

    return fit


def _is_followed(estimator: Any) -> bool:
    from sklearn.base import is_classifier, is_regressor

    try:
        return bool(is_classifier(estimator) or is_regressor(estimator))
    except Exception:  # noqa: BLE001 - an estimator that is not whole yet is its own author's matter
        return False


def _tell(found: Training, estimator: Any, features: Any) -> None:
    quietly(_tell_params, found, estimator)
    for name in _CURVES:
        values = vars(estimator).get(name)
        if values is not None and len(values):
            quietly(found.curve, name.rstrip("_"), values)
    if "best_score_" in vars(estimator):
        found.metrics({"best_score": estimator.best_score_})
    rows = _first(features, _ROWS)
    if rows is not None:
        quietly(found.model, estimator, rows, baseline=_first(features, _BASELINE_ROWS))


def _tell_params(found: Training, estimator: Any) -> None:
    best = getattr(estimator, "best_params_", {})
    plain = {key: value for key, value in estimator.get_params().items() if not hasattr(value, "get_params")}
    found.params(
        {f"best.{key}": value for key, value in best.items()}
        | {"estimator": type(estimator).__name__}
        | plain
    )


def _first(features: Any, n: int) -> Any:
    """Return the first rows of a frame or a matrix; None of what no example can be made of."""
    if hasattr(features, "iloc"):
        return features.iloc[:n]
    return features[:n] if getattr(features, "ndim", 0) == 2 or hasattr(features, "height") else None
