"""Models on disk: MLmodel folders that hold data only, and the flavors that write and load them."""

from __future__ import annotations

from meguru.base.plugins import Table
from meguru.flavors.base import Flavor, Predictor, Task
from meguru.flavors.signature import Column, ColumnType, Signature

__all__ = ["FLAVORS", "Column", "ColumnType", "Flavor", "Predictor", "Signature", "Task"]

FLAVORS = Table("model flavor", {"sklearn": "meguru.flavors.sklearn:SklearnFlavor"})
"""Each member is a class of no arguments that follows `Flavor`."""
