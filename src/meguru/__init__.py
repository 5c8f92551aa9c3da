"""Meguru keeps machine-learning models true while the world changes.

Everything public is here and is loaded when first used, so that ``import meguru`` costs nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as a type checker reads it; importing it from typing costs more than all the rest
if TYPE_CHECKING:
    from typing import Any

    from meguru.app import open_workspace as open_workspace
    from meguru.app.autolog import autolog as autolog
    from meguru.app.card_api import card as card
    from meguru.app.data_api import data as data
    from meguru.app.load_api import load as load
    from meguru.app.outcome_api import feedback as feedback
    from meguru.app.outcome_api import outcome as outcome
    from meguru.app.prepare_api import prepare as prepare
    from meguru.app.run_api import run as run
    from meguru.app.sweep_api import sweep as sweep
    from meguru.compute.dataset_param import Dataset as Dataset
    from meguru.compute.features_param import Features as Features
    from meguru.compute.step_metrics import log as log
    from meguru.errors import MeguruError as MeguruError
    from meguru.features.authoring import Entity as Entity
    from meguru.features.authoring import FeatureService as FeatureService
    from meguru.features.authoring import FeatureView as FeatureView
    from meguru.features.authoring import feature_view as feature_view
    from meguru.features.authoring import on_demand as on_demand
    from meguru.flavors.model import Model as Model
    from meguru.modelhost.function_model import FunctionModel as FunctionModel
    from meguru.pipelines.authoring import pipeline as pipeline
    from meguru.pipelines.authoring import step as step
    from meguru.pipelines.components.offers import component as component
    from meguru.pipelines.control_flow import approve as approve
    from meguru.pipelines.control_flow import collect as collect
    from meguru.pipelines.control_flow import each as each
    from meguru.pipelines.control_flow import gate as gate
    from meguru.project.python_file import Project as Project

_PLACES = {
    "Dataset": "meguru.compute.dataset_param",
    "Entity": "meguru.features.authoring",
    "FeatureService": "meguru.features.authoring",
    "FeatureView": "meguru.features.authoring",
    "Features": "meguru.compute.features_param",
    "FunctionModel": "meguru.modelhost.function_model",
    "MeguruError": "meguru.errors",
    "Model": "meguru.flavors.model",
    "Project": "meguru.project.python_file",
    "approve": "meguru.pipelines.control_flow",
    "autolog": "meguru.app.autolog",
    "card": "meguru.app.card_api",
    "collect": "meguru.pipelines.control_flow",
    "data": "meguru.app.data_api",
    "component": "meguru.pipelines.components.offers",
    "each": "meguru.pipelines.control_flow",
    "feedback": "meguru.app.outcome_api",
    "feature_view": "meguru.features.authoring",
    "gate": "meguru.pipelines.control_flow",
    "load": "meguru.app.load_api",
    "log": "meguru.compute.step_metrics",
    "on_demand": "meguru.features.authoring",
    "open_workspace": "meguru.app",
    "outcome": "meguru.app.outcome_api",
    "pipeline": "meguru.pipelines.authoring",
    "prepare": "meguru.app.prepare_api",
    "run": "meguru.app.run_api",
    "step": "meguru.pipelines.authoring",
    "sweep": "meguru.app.sweep_api",
}
__all__ = [
    "Dataset",
    "Entity",
    "FeatureService",
    "FeatureView",
    "Features",
    "FunctionModel",
    "MeguruError",
    "Model",
    "Project",
    "approve",
    "autolog",
    "card",
    "collect",
    "component",
    "data",
    "each",
    "feature_view",
    "feedback",
    "gate",
    "load",
    "log",
    "on_demand",
    "open_workspace",
    "outcome",
    "pipeline",
    "prepare",
    "run",
    "step",
    "sweep",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("meguru")
    if name == "features":
        import meguru.features

        return meguru.features
    if name not in _PLACES:
        message = f"module 'meguru' has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
