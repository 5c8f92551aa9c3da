"""Point-in-time reads online: values as they were at each row's own moment, never a later one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from meguru.errors import Busy
from meguru.features.online.base import FoundRow, OnlineStore
from meguru.features.online.last_known import LastKnown
from meguru.features.online.lookup import PRESENT, EntityRows, Key, check_age, without_store
from meguru.features.online.states import ValueState

if TYPE_CHECKING:
    from meguru.features.online.online_view import OnlineView


class PointInTimeValues(NamedTuple):
    """What held at moments before the newest value did: by row, the values in the order of the features.

    `events` are in microseconds, None where nothing was known. A value may be older than the view lets hold.
    """

    values: list[list[Any]]
    events: list[int | None]


PointInTimeLookup = Callable[[int, Sequence[int], Sequence[int]], PointInTimeValues | None]
"""``f(view, rows, moments)``: what held for some rows of a view, by its number; None if nobody can tell."""


def look_up_at(
    store: OnlineStore,
    views: Sequence[OnlineView],
    keys: Sequence[Sequence[Key]],
    moments: Sequence[Sequence[int]],
    known: LastKnown,
    earlier: PointInTimeLookup,
) -> list[EntityRows]:
    """Read views for the same entities, each at a moment of its own; else as `look_up`.

    The store has the newest value of an entity. It holds if it is not later than the moment; else `earlier`
    knows what held then. What nobody knows is not found: a later value never stands in for it.

    Raises
    ------
    Busy
        If the store is away, or a value too old, and a view would rather have no answer.
    """
    asked = [
        (view.stored, [key for key in each if key is not None])
        for view, each in zip(views, keys, strict=True)
    ]
    try:
        found = store.read(asked)
    except Busy as error:
        return [
            without_store(view, each, known, error, when)
            for view, each, when in zip(views, keys, moments, strict=True)
        ]
    result = []
    for number, (view, all_keys, rows) in enumerate(zip(views, keys, found, strict=True)):
        if view.missing == "last_known":
            known.remember(view.stored, asked[number][1], rows)
        there = iter(rows)
        by_row = [None if key is None else next(there) for key in all_keys]
        result.append(_held_at(view, number, by_row, moments[number], earlier))
    return result


def _held_at(
    view: OnlineView,
    number: int,
    rows: Sequence[FoundRow | None],
    moments: Sequence[int],
    earlier: PointInTimeLookup,
) -> EntityRows:
    unpack = view.layout.unpack
    values: list[Any] = [None] * len(rows)
    events: list[int | None] = [None] * len(rows)
    later = []
    for index, (row, moment) in enumerate(zip(rows, moments, strict=True)):
        # By its own time or by when it became known: a value that came later would leak the future into an
        # answer.
        if row is not None and max(row[0], row[1]) > moment:
            later.append(index)
        elif row is not None:
            values[index], events[index] = unpack(row[2]), row[0]
    if later:
        then = earlier(number, later, [moments[index] for index in later])
        for place, index in enumerate(later):
            if then is not None:
                values[index], events[index] = then.values[place], then.events[place]
    states = [_state(view, event, moment) for event, moment in zip(events, moments, strict=True)]
    for index, state in enumerate(states):
        is_old = state is ValueState.OUTSIDE_MAX_AGE
        if state is ValueState.NOT_FOUND or (is_old and view.missing != "last_known"):
            values[index] = view.absent
    all_there = all(state is PRESENT for state in states)
    return EntityRows(view, values, [event or 0 for event in events], None if all_there else states)


def _state(view: OnlineView, event: int | None, moment: int) -> ValueState:
    if event is None:
        return ValueState.NOT_FOUND
    if view.ttl is None or moment - event <= view.ttl:
        return PRESENT
    check_age(view)
    return ValueState.OUTSIDE_MAX_AGE
