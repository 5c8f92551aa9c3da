"""How values travel between steps: each kind of value has a materializer; large ones go by digest."""

from meguru.compute.materializers.base import Materializer, Value, ValueStore
from meguru.compute.materializers.choose import MATERIALIZERS, load, save

__all__ = ["MATERIALIZERS", "Materializer", "Value", "ValueStore", "load", "save"]
