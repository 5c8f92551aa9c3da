"""Features: values of entities over time, defined once, the same in training and in serving.

From Python: ``meguru.features.training(ws, labels, "delay", time="at")``; see `meguru.features.client`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meguru.features.client import check as check
    from meguru.features.client import get_historical_features as get_historical_features
    from meguru.features.client import open_features as open_features
    from meguru.features.client import remade as remade
    from meguru.features.client import training as training

__all__ = ["check", "get_historical_features", "open_features", "remade", "training"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    return getattr(import_module("meguru.features.client"), name)
