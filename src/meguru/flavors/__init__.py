"""Models on disk: MLmodel folders that hold data only, and the flavors that write and load them."""

from __future__ import annotations

from meguru.base.plugins import PluginFamily
from meguru.flavors.base import Flavor, Predictor
from meguru.flavors.signature import ColumnType, Signature, SignatureColumn
from meguru.tasks import Task

__all__ = ["FLAVORS", "ColumnType", "Flavor", "Predictor", "Signature", "SignatureColumn", "Task"]

FLAVORS = PluginFamily(
    "model flavor",
    {
        "catboost": "meguru.flavors.catboost:CatboostFlavor",
        "function": "meguru.modelhost.flavor:FunctionFlavor",
        "keras": "meguru.flavors.keras:KerasFlavor",
        "lightgbm": "meguru.flavors.lightgbm:LightgbmFlavor",
        "onnx": "meguru.flavors.onnx:OnnxFlavor",
        "pytorch": "meguru.flavors.pytorch:PytorchFlavor",
        "sklearn": "meguru.flavors.sklearn:SklearnFlavor",
        "statsmodels": "meguru.flavors.statsmodels:StatsmodelsFlavor",
        "xgboost": "meguru.flavors.xgboost:XgboostFlavor",
    },
)
"""Each member is a class of no arguments that follows `Flavor`."""
