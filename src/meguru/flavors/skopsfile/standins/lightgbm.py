"""LightGBM inside a pipeline: its own text, read strictly before LightGBM sees it."""

from __future__ import annotations

import json
from collections import OrderedDict, defaultdict
from typing import Any

import numpy as np

from meguru.flavors import lightgbmfile
from meguru.flavors.skopsfile.standins.base import StandIn

_ESTIMATORS = lightgbmfile.KINDS[1:]


class LightTrees(StandIn):
    """One of LightGBM's estimators: its class, its parameters, its text and its classes."""

    module = "lightgbm"

    @classmethod
    def claims(cls, subject: Any) -> bool:
        """Say whether it is one of LightGBM's estimators; a booster alone fits into no pipeline."""
        return lightgbmfile.kind_of(subject) in _ESTIMATORS

    @classmethod
    def data(cls, subject: Any) -> tuple[Any, ...]:
        """Return class, parameters, text, classes, number of features, and whether these had names."""
        kind, params = lightgbmfile.kind_of(subject), json.loads(json.dumps(subject.get_params()))
        if not subject.__sklearn_is_fitted__():
            return kind, params, b"", None, 0, False
        classes = np.asarray(subject.classes_) if kind == "LGBMClassifier" else None
        named = bool(getattr(subject, "_fitted_with_feature_names", False))
        return kind, params, lightgbmfile.dumps(subject), classes, int(subject.n_features_in_), named

    @classmethod
    def restore(cls, *args: Any) -> Any:
        """Make the estimator again."""
        import lightgbm

        kind, params, data, classes, features, named = args
        if kind not in _ESTIMATORS or not isinstance(params, dict) or not isinstance(data, bytes):
            raise ValueError("a LightGBM model of strange data")
        if any(callable(value) for value in params.values()):
            raise ValueError("a parameter that is a function")
        model = getattr(lightgbm, kind)(**params)
        if data:
            _fit_with(model, lightgbmfile.loads(data), classes, features, named=bool(named))
        return model


def _fit_with(model: Any, booster: Any, classes: Any, features: Any, *, named: bool) -> None:
    """Give an estimator what `fit` would have given it; LightGBM has no call for that."""
    if booster.num_feature() != features:
        raise ValueError("a LightGBM model of other features than it says")
    header = lightgbmfile.header_of(booster)
    held: dict[str, Any] = {
        "_Booster": booster,
        "_n_features": features,
        "_n_features_in": features,
        "_objective": header.objective or "regression",
        "_best_iteration": 0,
        "_best_score": defaultdict(OrderedDict),
        "_evals_result": {},
        "_fitted_with_feature_names": named,
        "fitted_": True,
    }
    if classes is not None:
        held |= _classes(model, np.asarray(classes), max(header.classes, 2))
    vars(model).update(held)


def _classes(model: Any, classes: np.ndarray[Any, Any], count: int) -> dict[str, Any]:
    from sklearn.preprocessing import LabelEncoder

    if (
        type(model).__name__ != "LGBMClassifier"
        or classes.shape != (count,)
        or classes.dtype.kind not in "biufUS"
    ):
        raise ValueError("a LightGBM model's classes do not fit its trees")
    encoder = LabelEncoder()
    encoder.classes_ = classes
    return {
        "_classes": classes,
        "_n_classes": count,
        "_le": encoder,
        "_class_map": dict(zip(classes, range(count), strict=True)),
    }
