"""XGBoost: the params and the curves of `xgboost.train`, also where its estimators call it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any

from meguru.app.autolog.patches import Patches
from meguru.app.autolog.training import AutologSettings, Training, current, quietly, training


def patch(patches: Patches, settings: AutologSettings, module: Any) -> None:
    """Follow `xgboost.train` under each of its names."""
    home = import_module("xgboost.training")
    ours = _followed(home.train, settings, module)
    for place in (home, module, import_module("xgboost.sklearn")):
        patches.replace(place, "train", lambda _: ours)


def _followed(original: Callable[..., Any], settings: AutologSettings, module: Any) -> Callable[..., Any]:
    arguments = inspect.signature(original)

    @functools.wraps(original)
    def train(*given: Any, **named: Any) -> Any:
        outer = current()
        if outer is not None:
            return original(*given, **(_with_curves(module, outer, arguments, given, named)))
        with training(settings, "xgboost") as found:
            booster = original(*given, **(_with_curves(module, found, arguments, given, named)))
            quietly(_tell, found, booster, arguments, given, named)
        return booster

    return train


def _with_curves(
    module: Any, found: Training, arguments: inspect.Signature, given: tuple[Any, ...], named: dict[str, Any]
) -> dict[str, Any]:
    """Return the named arguments with our callback among theirs, unless callbacks were given by place."""
    by_place = "callbacks" in arguments.bind_partial(*given).arguments
    if not found.has_curves or by_place:
        return named
    return named | {"callbacks": [*(named.get("callbacks") or ()), _curve(module, found)]}


def _curve(module: Any, found: Training) -> Any:
    class Curve(module.callback.TrainingCallback):  # type: ignore[misc]
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            del model
            values = {
                f"{data}.{metric}": curve[-1]
                for data, metrics in evals_log.items()
                for metric, curve in metrics.items()
            }
            quietly(found.metrics, values, step=epoch)
            return False

    return Curve()


def _tell(
    found: Training,
    booster: Any,
    arguments: inspect.Signature,
    given: tuple[Any, ...],
    named: dict[str, Any],
) -> None:
    said = arguments.bind_partial(*given, **named).arguments
    rounds = {"num_boost_round": said.get("num_boost_round", 10)}
    quietly(found.params, dict(said.get("params") or {}) | rounds)
    if getattr(booster, "best_iteration", None) is not None and said.get("early_stopping_rounds"):
        found.metrics({"best_iteration": booster.best_iteration, "best_score": booster.best_score})
    quietly(_keep, found, booster, said.get("dtrain"))


def _keep(found: Training, booster: Any, data: Any) -> None:
    import polars as pl

    rows = data.slice(list(range(min(2000, data.num_row())))).get_data().toarray()
    names = data.feature_names or [f"x{n}" for n in range(rows.shape[1])]
    frame = pl.DataFrame({name: rows[:, n] for n, name in enumerate(names)})
    found.model(booster, frame.head(5), baseline=frame)
