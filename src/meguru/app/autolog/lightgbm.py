"""LightGBM: the params and the curves of `lightgbm.train`, also where its estimators call it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any

from meguru.app.autolog.patches import Patches
from meguru.app.autolog.training import AutologSettings, Training, current, quietly, training


def patch(patches: Patches, settings: AutologSettings, module: Any) -> None:
    """Follow `lightgbm.train` under each of its names."""
    home = import_module("lightgbm.engine")
    ours = _followed(home.train, settings)
    for place in (home, module, import_module("lightgbm.sklearn")):
        patches.replace(place, "train", lambda _: ours)


def _followed(original: Callable[..., Any], settings: AutologSettings) -> Callable[..., Any]:
    arguments = inspect.signature(original)

    @functools.wraps(original)
    def train(*given: Any, **named: Any) -> Any:
        outer = current()
        if outer is not None:
            return original(*given, **(_with_curves(outer, arguments, given, named)))
        with training(settings, "lightgbm") as found:
            booster = original(*given, **(_with_curves(found, arguments, given, named)))
            quietly(_tell, found, booster, arguments, given, named)
        return booster

    return train


def _with_curves(
    found: Training, arguments: inspect.Signature, given: tuple[Any, ...], named: dict[str, Any]
) -> dict[str, Any]:
    """Return the named arguments with our callback among theirs, unless callbacks were given by place."""
    by_place = "callbacks" in arguments.bind_partial(*given).arguments
    if not found.has_curves or by_place:
        return named
    return named | {"callbacks": [*(named.get("callbacks") or ()), _curve(found)]}


def _curve(found: Training) -> Callable[[Any], None]:
    def curve(state: Any) -> None:
        values = {f"{each[0]}.{each[1]}": each[2] for each in state.evaluation_result_list or ()}
        quietly(found.metrics, values, step=state.iteration)

    return curve


def _tell(
    found: Training,
    booster: Any,
    arguments: inspect.Signature,
    given: tuple[Any, ...],
    named: dict[str, Any],
) -> None:
    said = arguments.bind_partial(*given, **named).arguments
    rounds = {"num_boost_round": said.get("num_boost_round", 100)}
    quietly(found.params, dict(said.get("params") or {}) | rounds)
    for data, values in (booster.best_score or {}).items():
        quietly(found.metrics, {f"best.{data}.{metric}": value for metric, value in values.items()})
    quietly(_keep, found, booster, said.get("train_set"))


def _keep(found: Training, booster: Any, data: Any) -> None:
    rows = data.data  # LightGBM frees it after the training unless free_raw_data=False
    if rows is None or isinstance(rows, str):
        return
    first = rows.iloc if hasattr(rows, "iloc") else rows
    found.model(booster, first[:5], baseline=first[:2000])
