"""Checks of columns: that they exist, and that the event time is a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import islice

from meguru.datasets.types import DatasetColumn
from meguru.errors import InvalidInput, near_misses


def known_column(name: str, columns: Collection[str], *, field: str) -> None:
    """Raise InvalidInput, with near misses, unless there is such a column."""
    if name not in columns:
        close = near_misses(name, columns)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(islice(columns, 12))}"
        raise InvalidInput(f"there is no column {name!r}", field=field, hint=hint)


def check_event_time(columns: Sequence[DatasetColumn], event_time: str) -> None:
    """Refuse an event time that is no time."""
    kind = next((column.type for column in columns if column.name == event_time), "")
    if kind and not kind.startswith(("Date", "Null")):
        raise InvalidInput(
            f"the event time {event_time!r} is no time",
            why=f"its column holds {kind}",
            hint=f"say how it is written: --type {event_time}='datetime:%d/%m/%Y %H:%M'",
            field="event_time",
        )
