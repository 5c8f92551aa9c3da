"""XGBoost's models in its own UBJSON (or JSON, as MLflow may have written it)."""

from __future__ import annotations

import json
import math
from typing import Any

from meguru.flavors import xgboostfile
from meguru.flavors.boosted import BoostedFlavor, Score
from meguru.flavors.task_resolution import output_names
from meguru.tasks import Task, task_of
from meguru.tasks.multiclass import Multiclass
from meguru.tasks.multilabel import Multilabel
from meguru.tasks.multioutput import Multioutput
from meguru.tasks.quantile import Quantile


class XgboostFlavor(BoostedFlavor):
    """The flavor of XGBoost's boosters and of its estimators."""

    name = "xgboost"
    tasks = frozenset(
        ["binary", "forecast", "multiclass", "multilabel", "multioutput", "quantile", "ranking", "regression"]
    )
    file = "model.ubj"
    packages = ("numpy", "xgboost", "xgboost-cpu")
    classes = {"Booster": "xgboost.core"} | dict.fromkeys(xgboostfile.KINDS[1:], "xgboost.sklearn")

    def can_save(self, model: Any) -> bool:
        """Say whether it is one of XGBoost's own models."""
        return xgboostfile.claims(model)

    def found(self, model: Any) -> Task:
        """Return the task by the objective that the model was trained for."""
        return _by_objective(_booster(model))

    def names(self, model: Any) -> list[str]:
        """Return the names of the columns it was trained on."""
        return list(_booster(model).feature_names or [])

    def width(self, model: Any) -> int:
        """Return how many columns it takes."""
        return int(_booster(model).num_features())

    def written(self, model: Any) -> tuple[bytes, dict[str, Any]]:
        """Return UBJSON and the parameters of the estimator."""
        import xgboost

        settings = {"params": xgboostfile.settings_of(model)}
        return xgboostfile.dumps(model), settings | {
            "model_format": "ubj",
            "xgb_version": xgboost.__version__,
        }

    def read(self, kind: str, data: bytes, settings: dict[str, Any], where: str) -> Any:
        """Return the model after looking through its file."""
        params = settings.get("params")
        return xgboostfile.loads(kind, data, params if isinstance(params, dict) else {}, where)

    def score(self, model: Any, task: Task) -> Score:
        """Return the call that gives the raw answers, on one thread: a forked worker has no others.

        An estimator is asked through its booster, with the rounds and the mark of missing values that it has:
        that gives the same numbers in two thirds of the time.
        """
        booster, rounds = _booster(model), (0, 0)
        if model is not booster:
            rounds = model._get_iteration_range(None)  # noqa: SLF001 (the rounds before an early stop)
        # One thread: answers are summed in one order, and a forked worker has no others.
        booster.set_param({"nthread": 1})
        learner = json.loads(booster.save_config())["learner"]
        if learner["gradient_booster"]["name"] == "gblinear":
            return _linear_score(booster)
        picks = learner["objective"]["name"] == "multi:softmax" and task.key == "multiclass"
        options = {
            "iteration_range": rounds,
            "missing": getattr(model, "missing", math.nan),
            # multi:softmax answers only the likeliest class; its margins have the values of all.
            "predict_type": "margin" if picks else "value",
            "validate_features": False,
        }
        return lambda data: booster.inplace_predict(data, **options)


def _library() -> Any:
    import xgboost

    return xgboost


def _booster(model: Any) -> Any:
    return model if isinstance(model, _library().Booster) else model.get_booster()


def _by_objective(booster: Any) -> Task:
    learner = json.loads(booster.save_config())["learner"]
    objective, params = learner["objective"], learner["learner_model_param"]
    kind, classes, targets = objective["name"], int(params["num_class"]), int(params["num_target"])
    if kind.startswith("multi:"):
        return Multiclass(classes=tuple(range(classes)))
    if kind.startswith("binary:"):
        return Multilabel(classes=tuple(range(targets))) if targets > 1 else task_of("binary")
    if kind.startswith("rank:"):
        return task_of("ranking")
    if kind == "reg:quantileerror":
        levels = json.loads(objective["quantile_loss_param"]["quantile_alpha"])
        return Quantile(levels=tuple(levels if isinstance(levels, list) else [levels]))
    return Multioutput(targets=output_names(targets)) if targets > 1 else task_of("regression")


def _linear_score(booster: Any) -> Score:
    library, names = _library(), booster.feature_names
    return lambda data: booster.predict(library.DMatrix(data, feature_names=names, nthread=1))
