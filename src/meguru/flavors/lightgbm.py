"""LightGBM's models in its own text.

An estimator is asked through its booster, which gives the same numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from meguru.flavors import lightgbmfile
from meguru.flavors.boosted import BoostedFlavor, Score
from meguru.flavors.lightgbmfile import in_skops
from meguru.flavors.task_resolution import output_names, plain_classes
from meguru.tasks import Task, task_of
from meguru.tasks.multioutput import Multioutput
from meguru.tasks.quantile import Quantile

_RANKING = {"lambdarank", "rank_xendcg"}
_TWO = {"binary", "cross_entropy", "cross_entropy_lambda"}


class LightgbmFlavor(BoostedFlavor):
    """The flavor of LightGBM's boosters and of its estimators."""

    name = "lightgbm"
    tasks = frozenset({"binary", "forecast", "multiclass", "quantile", "ranking", "regression"})
    file = "model.lgb"
    packages = ("lightgbm", "numpy")
    classes = {"Booster": "lightgbm.basic"} | dict.fromkeys(lightgbmfile.KINDS[1:], "lightgbm.sklearn")

    def can_save(self, model: Any) -> bool:
        """Say whether it is one of LightGBM's own models."""
        return lightgbmfile.claims(model)

    def found(self, model: Any) -> Task:
        """Return the task by the objective, with the classes of an estimator."""
        header = lightgbmfile.header_of(lightgbmfile.booster_of(model))
        named = getattr(model, "classes_", None)
        if header.objective in _TWO or header.objective.startswith("multiclass"):
            count = max(header.classes, 2)
            classes = range(count) if named is None else plain_classes(named)
            return task_of({"task": "multiclass" if count > 2 else "binary", "classes": list(classes)})
        if header.objective in _RANKING:
            return task_of("ranking")
        if header.objective == "quantile":
            return Quantile(levels=(_level(model),))
        if header.classes > 1:
            return Multioutput(targets=output_names(header.classes))
        return task_of("regression")

    def names(self, model: Any) -> list[str]:
        """Return the names of the columns it was trained on; LightGBM numbers those of a matrix."""
        names = list(lightgbmfile.booster_of(model).feature_name())
        return [] if names == [f"Column_{place}" for place in range(len(names))] else names

    def width(self, model: Any) -> int:
        """Return how many columns it takes."""
        return int(lightgbmfile.booster_of(model).num_feature())

    def written(self, model: Any) -> tuple[bytes, dict[str, Any]]:
        """Return the text."""
        import lightgbm

        return lightgbmfile.dumps(model), {"lgb_version": lightgbm.__version__}

    def read(self, kind: str, data: bytes, settings: dict[str, Any], where: str) -> Any:  # noqa: ARG002
        """Return the booster, whatever the class was; MLflow logs estimators in skops' format."""
        if not data.startswith(in_skops.MAGIC):
            return lightgbmfile.loads(data, where)
        text, classes = in_skops.read(data, where)
        booster = lightgbmfile.loads(text, where)
        if classes is not None:
            booster.classes_ = np.asarray(classes)
        return booster

    def score(self, model: Any, task: Task) -> Score:  # noqa: ARG002 (every task's numbers come from one call)
        """Return the call that gives the raw answers, on one thread: a forked worker has no others."""
        return lambda data: model.predict(data, num_threads=1)


def _level(model: Any) -> float:
    """Return the level of a quantile, which the text does not tell; LightGBM's own is 0.9."""
    params = model.get_params() if hasattr(model, "get_params") else model.params
    return float(params.get("alpha", 0.9))
