"""What surrounds a run and nobody has to tell: its code, its command, its environment, its machine."""

from meguru.tracking.captured.capture import Captured, capture, first_look
from meguru.tracking.captured.names import is_captured

__all__ = ["Captured", "capture", "first_look", "is_captured"]
