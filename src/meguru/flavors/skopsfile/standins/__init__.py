"""Put stand-ins into a model before it is written; reading puts the objects back."""

from __future__ import annotations

import copy
import sys
from typing import Any

import numpy as np

from meguru.base.plugins import PluginFamily
from meguru.flavors.skopsfile.standins.base import StandIn

STANDINS = PluginFamily(
    "stand-in",
    {
        "catboost": "meguru.flavors.skopsfile.standins.catboost:CatTrees",
        "lightgbm": "meguru.flavors.skopsfile.standins.lightgbm:LightTrees",
        "neighbors": "meguru.flavors.skopsfile.standins.neighbors:NeighborTree",
        "sparse": "meguru.flavors.skopsfile.standins.sparse:SparseRows",
        "splines": "meguru.flavors.skopsfile.standins.splines:Spline",
        "xgboost": "meguru.flavors.skopsfile.standins.xgboost:BoostedTrees",
    },
)
"""Each member is a subclass of `StandIn`."""

_SCRATCH = "_stop_words_id"
"""A memory address that text vectorizers keep; it would make equal models unequal files."""


def types() -> frozenset[tuple[str, str]]:
    """Return module and name of every stand-in."""
    return frozenset((kind.__module__, kind.__qualname__) for kind in _members())


def replaced(model: Any) -> Any:
    """Return a model with stand-ins, and searches as the best estimator they found; the model is not changed.

    Raises
    ------
    TypeError
        When an object has no data that would make it again.
    """
    from meguru.flavors.skopsfile.reach import reachable

    members = [kind for kind in _members() if kind.module in sys.modules]
    parts = list(reachable(model, closed=lambda part: _stand_in(part, members) is not None))
    _refuse(parts)
    found = [(part, stand_in) for part in parts if (stand_in := _stand_in(part, members)) is not None]
    searches = _searches(parts)
    if not found and not searches and not any(_holds_scratch(part) for part in parts):
        return model
    arrays = [part for part in parts if isinstance(part, np.ndarray) and part.dtype != object]
    memo: dict[int, Any] = {id(array): array for array in arrays}
    memo |= {id(part): stand_in.of(part) for part, stand_in in found}
    for search in searches:
        memo[id(search)] = copy.deepcopy(search.best_estimator_, memo)
    copied = copy.deepcopy(model, memo)
    for part in reachable(copied):
        if _holds_scratch(part):
            del vars(part)[_SCRATCH]
    return copied


def _refuse(parts: list[Any]) -> None:
    """Say why an estimator has no form; a search has one once it found its best."""
    from meguru.flavors.skopsfile import names

    for part in parts:
        kind = type(part)
        named = kind.__name__ in names.REFUSED and kind.__module__.startswith("sklearn.")
        if named and "best_estimator_" not in vars(part):
            raise TypeError(names.REFUSED[kind.__name__])


def _holds_scratch(part: Any) -> bool:
    return _SCRATCH in getattr(part, "__dict__", {})


def _members() -> list[type[StandIn]]:
    return [STANDINS.load(name) for name in STANDINS.names()]


def _stand_in(part: Any, members: list[type[StandIn]]) -> type[StandIn] | None:
    return next((kind for kind in members if kind.claims(part)), None)


def _searches(parts: list[Any]) -> list[Any]:
    """Return the fitted searches among a model's parts, inner ones first."""
    from sklearn.model_selection._search import BaseSearchCV

    found = [part for part in parts if isinstance(part, BaseSearchCV)]
    return found[::-1]
