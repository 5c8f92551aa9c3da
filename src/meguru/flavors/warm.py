"""Import what loading a model takes, before the first model is there to be waited for."""

from __future__ import annotations

import contextlib
from importlib import import_module

HEAVY = ("skops.io", "sklearn.ensemble", "sklearn.pipeline")


def warm_up() -> None:
    """Import the heavy libraries that are installed; takes seconds the first time."""
    for module in HEAVY:
        with contextlib.suppress(ModuleNotFoundError):
            import_module(module)
