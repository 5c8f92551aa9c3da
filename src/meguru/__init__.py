"""Meguru keeps machine-learning models true while the world changes.

Everything public is here and is loaded when first used, so that ``import meguru`` costs nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as a type checker reads it; importing it from typing costs more than all the rest
if TYPE_CHECKING:
    from typing import Any

    from meguru.app import open_workspace as open_workspace
    from meguru.app.swept import sweep as sweep
    from meguru.app.tracked import run as run
    from meguru.compute.handles import Dataset as Dataset
    from meguru.compute.step_metrics import log as log
    from meguru.errors import MeguruError as MeguruError
    from meguru.flavors.model import Model as Model
    from meguru.pipelines.authoring import pipeline as pipeline
    from meguru.pipelines.authoring import step as step
    from meguru.pipelines.branches import approve as approve
    from meguru.pipelines.branches import collect as collect
    from meguru.pipelines.branches import each as each
    from meguru.pipelines.branches import gate as gate
    from meguru.pipelines.components.offers import component as component

_PLACES = {
    "Dataset": "meguru.compute.handles",
    "MeguruError": "meguru.errors",
    "Model": "meguru.flavors.model",
    "approve": "meguru.pipelines.branches",
    "collect": "meguru.pipelines.branches",
    "component": "meguru.pipelines.components.offers",
    "each": "meguru.pipelines.branches",
    "gate": "meguru.pipelines.branches",
    "log": "meguru.compute.step_metrics",
    "open_workspace": "meguru.app",
    "pipeline": "meguru.pipelines.authoring",
    "run": "meguru.app.tracked",
    "step": "meguru.pipelines.authoring",
    "sweep": "meguru.app.swept",
}
__all__ = [
    "Dataset",
    "MeguruError",
    "Model",
    "approve",
    "collect",
    "component",
    "each",
    "gate",
    "log",
    "open_workspace",
    "pipeline",
    "run",
    "step",
    "sweep",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("meguru")
    if name not in _PLACES:
        message = f"module 'meguru' has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
