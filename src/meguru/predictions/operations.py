"""All operations of predictions and outcomes."""

from meguru.predictions.record import record
from meguru.predictions.show import show
from meguru.predictions.window import window

__all__ = ["record", "show", "window"]
