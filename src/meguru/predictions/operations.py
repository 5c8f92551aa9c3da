"""All operations of predictions and outcomes."""

from meguru.predictions.listing import list_predictions
from meguru.predictions.record import record
from meguru.predictions.show import show
from meguru.predictions.window import window

__all__ = ["list_predictions", "record", "show", "window"]
