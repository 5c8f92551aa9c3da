"""Look entities up online: one read of the store, then time to live, defaults and fallbacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from prometheus_client import Counter

from meguru.errors import Busy
from meguru.features.online.base import FoundRow, OnlineStore
from meguru.features.online.last_known import LastKnown
from meguru.features.online.states import ValueState

if TYPE_CHECKING:
    from meguru.features.online.online_view import OnlineView

AWAY = Counter(
    "online_store_away",
    "Reads of views that the online store did not answer, also where something stood in.",
)
PRESENT, NULL = ValueState.PRESENT, ValueState.NULL_VALUE
Key = bytes | None


class StoreUnavailable(Busy):
    """The store is away, and a view has no answer without it, whoever is asked for."""


class EntityRows:
    """What was found of one view, for each entity that was asked for.

    Attributes
    ----------
    values
        The values of each entity, in the order of the features.
    events
        When they hold from, in microseconds since 1970 (UTC); 0 for what is not there.
    states
        Of each entity; None when all are there. A value that is None in a row that is there has a state of
        its own.
    """

    __slots__ = ("events", "states", "values", "view")

    def __init__(
        self,
        view: OnlineView,
        values: list[list[Any]],
        events: list[int],
        states: list[ValueState] | None,
    ) -> None:
        self.view, self.values, self.events, self.states = view, values, events, states

    @property
    def names(self) -> list[str]:
        """What the values of an entity are called."""
        return self.view.layout.names

    def state(self, entity: int, feature: int) -> ValueState:
        """Return what is to be said of one value."""
        state = PRESENT if self.states is None else self.states[entity]
        return NULL if state is PRESENT and self.values[entity][feature] is None else state


def look_up(
    store: OnlineStore,
    views: Sequence[OnlineView],
    keys: Sequence[Sequence[Key]],
    now: int,
    known: LastKnown,
) -> list[EntityRows]:
    """Read views for the same entities, in one round trip.

    Parameters
    ----------
    store
        Where the rows are.
    views, keys
        What is read, and for each view the key of each entity; None for an entity that is nobody.
    now
        The moment that is asked for, in microseconds.
    known
        What was read before, for views that answer with that while the store is away.

    Raises
    ------
    Busy
        If the store is away, and a view has no answer without it.
    """
    # Entities without a key (None) are nobody's, and are not asked for; mostly there are none, and no list is
    # copied.
    asked: Any = [
        (view.stored, each if None not in each else [key for key in each if key])
        for view, each in zip(views, keys, strict=True)
    ]
    try:
        found = store.read(asked)
    except Busy as error:
        return [without_store(view, each, known, error) for view, each in zip(views, keys, strict=True)]
    result = []
    for view, (_, there), all_keys, rows in zip(views, asked, keys, found, strict=True):
        if view.missing == "last_known":
            known.remember(view.stored, there, rows)
        if len(there) < len(all_keys):
            given = iter(rows)
            rows = [None if key is None else next(given) for key in all_keys]  # noqa: PLW2901
        result.append(_held(view, rows, now))
    return result


def _held(view: OnlineView, rows: Sequence[FoundRow | None], now: int) -> EntityRows:
    """Unpack rows, and leave out what does not hold any more."""
    oldest = None if view.ttl is None else now - view.ttl
    unpack, values, events = view.layout.unpack, [], []
    states: list[ValueState] | None = None
    for number, row in enumerate(rows):
        if row is not None and (oldest is None or row[0] >= oldest):
            values.append(unpack(row[2]))
            events.append(row[0])
            continue
        if states is None:
            states = [PRESENT] * len(rows)
        if row is None:
            states[number] = ValueState.NOT_FOUND
            values.append(view.absent)
            events.append(0)
        else:
            check_age(view)
            states[number] = ValueState.OUTSIDE_MAX_AGE
            values.append(unpack(row[2]) if view.missing == "last_known" else view.absent)
            events.append(row[0])
    return EntityRows(view, values, events, states)


def check_age(view: OnlineView) -> None:
    """Refuse a value that is too old, if the view would rather have no answer."""
    if view.missing == "refuse":
        raise Busy(
            f"the values of {view.ref} are too old",
            where=view.ref,
            why="the view would rather have no answer",
            hint="meguru features materialize",
        )


def without_store(
    view: OnlineView,
    keys: Sequence[Key],
    known: LastKnown,
    error: Busy,
    moments: Sequence[int] | None = None,
) -> EntityRows:
    """Answer while the store is away, as the view says; a value that nothing stands in for is refused.

    With `moments` a row that came after its entity's does not stand in.
    """
    AWAY.inc()
    if view.missing == "refuse":
        raise StoreUnavailable(error.what, where=error.where, why=error.why, hint=error.hint) from error
    rows: list[FoundRow | None] = [None] * len(keys)
    if view.missing == "last_known":
        rows = [None if key is None else known.of(view.stored, [key])[0] for key in keys]
        if moments is not None:
            rows = [
                row if row and max(row[0], row[1]) <= moment else None
                for row, moment in zip(rows, moments, strict=True)
            ]
    if None in rows and None in view.defaults:
        what = f"the online store is away, and nothing stands in for values of {view.ref}"
        # The caller tries the requests of a failed batch apart only where one of them may have an answer.
        kind = Busy if view.missing == "last_known" else StoreUnavailable
        raise kind(what, where=error.where, why=error.why, hint="say defaults, or missing, of the view")
    states = [ValueState.DEFAULT if row is None else ValueState.LAST_KNOWN for row in rows]
    values = [view.defaults if row is None else view.layout.unpack(row[2]) for row in rows]
    return EntityRows(view, values, [0 if row is None else row[0] for row in rows], states)
