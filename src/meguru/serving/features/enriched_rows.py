"""The rows of requests after enrichment: their columns, and what is told of each value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

PRESENT, NOT_FOUND = "PRESENT", "NOT_FOUND"
SENT = "SENT"
"""What is said of a row that brought all values of a view along."""


class EnrichedRows:
    """The columns of some rows, with what is told of each view's values.

    Attributes
    ----------
    columns
        What may be sent or made, by name, shape (rows,) each; None where nothing is.
    events
        By version of a view, since when the value of each row holds, in microseconds; None where none is.
    states
        By version of a view, what is to be said of each row's values.
    sent
        By name of a column that a view would have given: which rows brought it along.
    """

    __slots__ = ("columns", "events", "sent", "states")

    def __init__(self) -> None:
        self.columns: dict[str, Sequence[Any]] = {}
        self.events: dict[str, list[int | None]] = {}
        self.states: dict[str, list[str]] = {}
        self.sent: dict[str, list[bool]] = {}
