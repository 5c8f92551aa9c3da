"""All operations of feedback."""

from meguru.judgements.join import join
from meguru.judgements.record import add, record
from meguru.judgements.show import list_feedback

__all__ = ["add", "join", "list_feedback", "record"]
