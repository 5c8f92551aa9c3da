"""The evaluator: reads the event log and the calendar, and fires what matches.

Several servers may run one each: the cursor's row is locked while an event is decided, and the firing, what
it starts and the cursor are committed together. So an event is decided once, whoever is killed when.
"""

import logging
from collections.abc import Iterable
from functools import partial

from sqlalchemy import Connection

from meguru.base import refs
from meguru.errors import MeguruError
from meguru.kernel import events
from meguru.kernel.events import Event
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.services import Follower
from meguru.kernel.workspace import Workspace
from meguru.triggers import store
from meguru.triggers.firing import decide, fire_owed
from meguru.triggers.kind import TRIGGER
from meguru.triggers.parse import kind_of
from meguru.triggers.tick import fire_due
from meguru.triggers.types import Firing, Trigger

log = logging.getLogger(__name__)
BATCH = 200
IDLE_SECONDS = 1.0
PACE_SECONDS = 0.1
NEVER_WAKES = ("trigger.suppressed", "trigger.owed")
"""What was held back has no consequences; else two triggers could keep each other awake for ever."""
CHANGES = tuple(f"trigger.{verb}" for verb in ("created", "updated", "retired", "paused", "resumed"))
"""What changes the calendar, or which events are of interest."""


class Evaluator(Follower):
    """Decides matches as they happen, and what the calendar brings."""

    name = "triggers"
    idle = IDLE_SECONDS
    pace = PACE_SECONDS

    def __init__(self, ws: Workspace) -> None:
        super().__init__(ws)
        self._known: dict[str, bool] = {}
        self._triggers: list[Trigger] = []
        self._owes = False

    def step(self) -> int:
        """Decide everything that has happened and is due by now; return how many firings were recorded."""
        with self.ws.read() as tx:
            head, due = events.head(tx), store.due(tx, self.ws.clock.now())
        count = 0
        for trigger in due:
            count += _EVALUATE.commit(self.ws, partial(fire_due, name=trigger.name))
        while (seen := self._batch(head)) is not None:
            count += seen
        return count + self._pay()

    def _pay(self) -> int:
        """Fire what was held back and may fire now; return how many did."""
        with self.ws.read() as tx:
            waiting = store.owed(tx)
        self._owes = bool(waiting)
        return sum(_EVALUATE.commit(self.ws, partial(_pay_one, match=each)) for each in waiting)

    def rest(self) -> float:
        """Return the seconds to the next moment of the calendar; take in what the triggers now wait for."""
        with self.ws.read() as tx:
            following, self._triggers = store.next_due(tx), store.all_triggers(tx)
        self._known = {}
        if following is None:
            return self.idle
        return min(self.idle, max(0.0, (following - self.ws.clock.now()).total_seconds()))

    def wakes(self, type: str) -> bool:
        """Tell whether an event can wake a trigger, or changes what can."""
        if self._owes and type not in NEVER_WAKES:
            return True  # whatever happens may be the end of what it waits for
        if type not in self._known:
            self._known[type] = type in CHANGES or may_wake(self._triggers, type)
        return self._known[type]

    def _batch(self, head: int) -> int | None:
        """Decide the next event that matches; None when the cursor has reached `head`."""
        with self.ws.read() as tx:
            cursor = store.cursor(tx)
            if cursor >= head:
                return None
            found, triggers = undecided(tx, cursor, head), store.all_triggers(tx)
        for event in found:
            names = [trigger.name for trigger in matching(triggers, event)]
            if names:
                work = partial(_decide_event, cursor=cursor, seq=event.seq, names=names)
                return _EVALUATE.commit(self.ws, work)
        last = found[-1].seq if len(found) == BATCH else head
        _EVALUATE.commit(self.ws, partial(_decide_event, cursor=cursor, seq=last, names=[]))
        return 0


def undecided(tx: Connection, cursor: int, head: int) -> list[Event]:
    """Return the first events after `cursor` and up to `head` that can wake a trigger."""
    triggers = store.all_triggers(tx)
    types = [each for each in events.types_between(tx, cursor, head) if may_wake(triggers, each)]
    return events.read(tx, after=cursor, before=head + 1, limit=BATCH, types=types) if types else []


def may_wake(triggers: Iterable[Trigger], type: str) -> bool:
    """Tell whether a trigger can be woken by events of this type."""
    return type not in NEVER_WAKES and any(_may_match(trigger, type) for trigger in triggers)


def matching(triggers: Iterable[Trigger], event: Event) -> list[Trigger]:
    """Return the triggers that an event wakes; none sees what happened before it was made."""
    if event.type in NEVER_WAKES:
        return []
    return [
        trigger
        for trigger in triggers
        if event.seq > trigger.created_seq and _sees(trigger, event) and _wakes(trigger, event)
    ]


def _sees(trigger: Trigger, event: Event) -> bool:
    # What happens in another project is seen only where the trigger names a thing of it, which its author
    # was allowed to.
    named = {refs.project_of(str(value)) for value in trigger.on.values()}
    return event.project == refs.project_of(trigger.name) or event.project in named - {""}


def _may_match(trigger: Trigger, type: str) -> bool:
    try:
        return kind_of(trigger.on).may_match(type)
    except MeguruError:
        log.exception("trigger %s can't be read; it sleeps", trigger.name)
        return False


def _wakes(trigger: Trigger, event: Event) -> bool:
    try:
        return kind_of(trigger.on).matches(event)
    except MeguruError:
        log.exception("trigger %s can't be read; it sleeps", trigger.name)
        return False


def _decide_event(ctx: Context, *, cursor: int, seq: int, names: list[str]) -> int:
    """Decide one event for the triggers it wakes, and move the cursor to it."""
    if store.cursor(ctx.tx, lock=True) != cursor:
        return 0
    found = events.read(ctx.tx, after=seq - 1, limit=1)[0] if names else None
    for name in names:
        trigger = store.find(ctx.tx, name)
        if trigger is not None:  # else it was retired just now
            decide(ctx, trigger, key=found.id if found else "", event=found)
    store.set_cursor(ctx.tx, seq)
    return len(names)


def _pay_one(ctx: Context, *, match: Firing) -> int:
    """Fire one owed match if it may; another evaluator may have done so, or a newer one come."""
    store.cursor(ctx.tx, lock=True)
    trigger = store.find(ctx.tx, match.trigger)
    if trigger is None or not store.is_owed(ctx.tx, match.id):
        return 0
    return int(fire_owed(ctx, trigger, match) is not None)


_EVALUATE = InternalOperation(TRIGGER, "evaluate")
