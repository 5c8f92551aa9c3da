"""The evaluator: reads the event log and the calendar, and fires what matches.

Several servers may run one each: the cursor's row is locked while an event is decided, and the firing, what
it starts and the cursor are committed together. So an event is decided once, whoever is killed when.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from meguru.base.expressions import PlainExpression
from meguru.kernel import events
from meguru.kernel.events import Event
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.services import Follower
from meguru.kernel.workspace import Workspace
from meguru.triggers import store
from meguru.triggers.event_fields import firing_key
from meguru.triggers.filtered import FilteredEvent, count_filtered
from meguru.triggers.firing import decide, fire_owed, hold_of_owed
from meguru.triggers.index import NEVER_WAKES, TriggerIndex
from meguru.triggers.kind import TRIGGER
from meguru.triggers.kinds.waiting import why_not_enough
from meguru.triggers.tick import fire_due
from meguru.triggers.types import Firing, Trigger

BATCH = 200
MAX_EVENTS_PER_COMMIT = 10
"""Group commit: one fsync for so many matched events. More would keep other writers waiting for long."""
AGAIN_SECONDS = 1.0
PACE_SECONDS = 0.05
RECHECK = timedelta(minutes=1)
"""After which an owed match is asked about again though its limit names a later moment."""
CHANGES = tuple(f"trigger.{verb}" for verb in ("created", "updated", "retired", "paused", "resumed"))
"""What changes the calendar, or which events are of interest."""


class Evaluator(Follower):
    """Decides matches as they happen, and what the calendar brings."""

    name = "triggers"
    pace = PACE_SECONDS

    def __init__(self, ws: Workspace) -> None:
        super().__init__(ws)
        self._index = TriggerIndex()
        self._has_owed = False
        self._limited: dict[str, tuple[int, datetime, datetime]] = {}

    def step(self) -> int:
        """Decide everything that has happened and is due by now; return how many firings were recorded."""
        # Up to this head and no farther: with triggers that wake each other the log would grow as fast as it
        # is read, and what the calendar and the owed matches need would never get its turn.
        with self.ws.read() as tx:
            head, due = events.head(tx), store.due(tx, self.ws.clock.now())
        count = 0
        for trigger in due:
            count += _EVALUATE.commit(self.ws, partial(fire_due, name=trigger.name))
        while (seen := self._batch(head)) is not None:
            count += seen
        return count + self._fire_owed()

    def _fire_owed(self) -> int:
        """Fire what was held back and may fire now; return how many did."""
        # Asked in a read transaction: nearly always nothing may, and writers are not kept waiting for that.
        with self.ws.read() as tx:
            waiting, now = store.owed(tx), self.ws.clock.now()
            named = [(firing, store.find(tx, firing.trigger)) for firing in waiting]
            ready = [each for each, trigger in named if trigger and self._may_fire(tx, trigger, each, now)]
        self._has_owed = bool(waiting)
        self._limited = {firing.id: limit for firing in waiting if (limit := self._limited.get(firing.id))}
        return sum(_EVALUATE.commit(self.ws, partial(_fire_one_owed, match=each)) for each in ready)

    def _may_fire(self, tx: Connection, trigger: Trigger, match: Firing, now: datetime) -> bool:
        """Tell whether an owed match may fire; one that a limit holds is not asked about at each step."""
        # While something is owed, any event leads to a step, and a budget of seconds reads all the runs of
        # its month. A limit can only end early when the trigger is declared anew, or runs are removed.
        version, asked, until = self._limited.get(match.id, (0, now, now))
        if trigger.enabled and version == trigger.version and asked <= now < until:
            return False
        hold = hold_of_owed(tx, trigger, match, now)
        if hold is not None and hold.until is not None:
            self._limited[match.id] = (trigger.version, now, min(hold.until, now + RECHECK))
        return hold is None

    def rest(self) -> float:
        """Return the seconds to the next moment of the calendar or of quiet; see what triggers wait for."""
        with self.ws.read() as tx:
            moments = [each for each in (store.next_due(tx), store.next_debounce_end(tx)) if each is not None]
            self._index.refresh(tx)
        left = [(moment - self.ws.clock.now()).total_seconds() for moment in moments]
        # What is due and could not be done yet, or is owed, is looked at again soon.
        is_waiting = self._has_owed or any(each <= 0 for each in left)
        return min([AGAIN_SECONDS if is_waiting else self.idle, *(each for each in left if each > 0)])

    def wakes(self, type: str) -> bool:
        """Tell whether an event can wake a trigger, or changes what can."""
        if self._has_owed and type not in NEVER_WAKES:
            return True  # whatever happens may be the end of what it waits for
        return type in CHANGES or self._index.may_wake(type)

    def _batch(self, head: int) -> int | None:
        """Decide the next event that matches; None when the cursor has reached `head`."""
        with self.ws.read() as tx:
            cursor = store.cursor(tx)
            if cursor >= head:
                return None
            self._index.refresh(tx)
            found = undecided(tx, self._index, cursor, head)
        # Patterns and filters are evaluated here, without the lock: there may be thousands of triggers. What
        # they matched is decided under it, by the triggers as they are then.
        kept_out: list[FilteredEvent] = []
        matched: list[tuple[Event, list[str]]] = []
        for event in found:
            names = []
            for each in self._index.matching(event):
                if each.passes_filter(event):
                    names.append(each.trigger.name)
                else:
                    kept_out.append(FilteredEvent(each.trigger, event))
            if names:
                matched.append((event, names))
            if len(matched) == MAX_EVENTS_PER_COMMIT:
                break
        # How far this commit moves the cursor: only beyond events that were read and either matched or not.
        if len(matched) == MAX_EVENTS_PER_COMMIT:
            last = matched[-1][0].seq
        else:
            last = found[-1].seq if len(found) == BATCH else head
        work = partial(_decide_events, cursor=cursor, until=last, matched=matched, kept_out=kept_out)
        return _EVALUATE.commit(self.ws, work)


def undecided(tx: Connection, index: TriggerIndex, cursor: int, head: int) -> list[Event]:
    """Return the first events after `cursor` and up to `head` that can wake a trigger."""
    types = [each for each in events.types_between(tx, cursor, head) if index.may_wake(each)]
    return events.read(tx, after=cursor, before=head + 1, limit=BATCH, types=types) if types else []


def _decide_events(
    ctx: Context,
    *,
    cursor: int,
    until: int,
    matched: list[tuple[Event, list[str]]],
    kept_out: list[FilteredEvent],
) -> int:
    """Decide some events, in order, for the triggers that each wakes; move the cursor to `until`."""
    # Optimistic: another evaluator that decided these events meanwhile has moved the cursor.
    if store.cursor(ctx.tx, lock=True) != cursor:
        return 0
    count = 0
    for event, names in matched:
        for name in names:
            trigger = store.find(ctx.tx, name)
            # Matched before the cursor's row was locked: retired since, or declared anew for other events.
            if trigger is None or event.seq <= trigger.created_seq:
                continue
            if why := why_not_enough(ctx, trigger, event):
                kept_out = [*kept_out, FilteredEvent(trigger, event, why)]
                continue
            count += 1
            key = firing_key(event, PlainExpression(trigger.key) if trigger.key else None)
            if decide(ctx, trigger, key=key, event=event) is None:
                store.count_repeat(ctx.tx, name, key)
    count_filtered(ctx, kept_out)
    store.set_cursor(ctx.tx, until)
    return count


def _fire_one_owed(ctx: Context, *, match: Firing) -> int:
    """Fire one owed match if it may; another evaluator may have done so, or a newer one come."""
    store.cursor(ctx.tx, lock=True)
    trigger = store.find(ctx.tx, match.trigger)
    if trigger is None or not store.is_owed(ctx.tx, match.id):
        return 0
    return int(fire_owed(ctx, trigger, match) is not None)


_EVALUATE = InternalOperation(TRIGGER, "evaluate")
