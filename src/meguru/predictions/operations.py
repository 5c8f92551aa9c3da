"""All operations of predictions and outcomes."""

from meguru.predictions.exclude import exclude, readmit
from meguru.predictions.listing import list_predictions
from meguru.predictions.record import add, record
from meguru.predictions.show import show
from meguru.predictions.unmatched import forget, join, waiting
from meguru.predictions.window import window

__all__ = [
    "add",
    "exclude",
    "forget",
    "join",
    "list_predictions",
    "readmit",
    "record",
    "show",
    "waiting",
    "window",
]
