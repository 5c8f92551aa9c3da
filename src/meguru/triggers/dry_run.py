"""Ask what a trigger would do: with one event, at a moment, or with all that happened since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from meguru.base.expressions import PlainExpression
from meguru.base.paging import check_limit
from meguru.errors import InvalidInput
from meguru.kernel import events
from meguru.kernel.events import Event
from meguru.kernel.operations import Context, operation
from meguru.triggers import store
from meguru.triggers.chains import chain_of
from meguru.triggers.event_fields import firing_key
from meguru.triggers.firing import most_open
from meguru.triggers.index import IndexedTrigger, parse_trigger
from meguru.triggers.kinds.waiting import why_not_enough
from meguru.triggers.limits import RecordedFirings, held_back
from meguru.triggers.parse import action_of
from meguru.triggers.simulation import Arrival, TriggerSimulation
from meguru.triggers.types import FiringState, SimulatedFiring, Trigger, TriggerTest

DEFAULT_SPAN = timedelta(days=7)
MAX_EVENTS = 20_000
_BATCH = 500


@operation("trigger.test", permission="trigger:read", query=True, on="name")
def try_out(
    ctx: Context,
    *,
    name: str,
    event: str = "",
    at: datetime | None = None,
    since: datetime | None = None,
    takes: float = 0.0,
    limit: int = 100,
) -> TriggerTest:
    """Say what a trigger would do, and what would hold it back; nothing is written or started.

    With `event` or `at`, what it would do with this event, or at this moment, as it stands now. Else what it
    would have done with everything since `since` (by default a week ago), if it had been there as it is
    declared now, each action working for `takes` seconds; the newest 20,000 events are read.
    """
    trigger = store.one(ctx.tx, name)
    watching = parse_trigger(trigger)
    if watching is None:
        raise InvalidInput(f"{trigger.ref} can't be read", hint="declare it again")
    check_limit(limit)
    now = ctx.now()
    if event or at is not None:
        came = events.get(ctx.tx, event) if event else None
        if came is not None:
            ctx.check_readable("event", came.id, "event:read")
        firings, looked = [_now(ctx, watching, came, at or now)], 1
        first = firings[0].at
    else:
        first = since or now - DEFAULT_SPAN
        if not 0 <= takes <= DEFAULT_SPAN.total_seconds():
            raise InvalidInput("takes is 0 seconds to a week", field="takes")
        arrivals = list(_arrivals(ctx, watching, first, now))
        looked = len(arrivals)
        simulation = TriggerSimulation(watching, action_of(trigger.action), timedelta(seconds=takes))
        firings = simulation.run(
            [arrival for arrival in arrivals if arrival.event is None or _matches(watching, arrival.event)],
            now,
        )
    return TriggerTest(
        name=trigger.name,
        enabled=trigger.enabled,
        since=first,
        until=now,
        looked_at=looked,
        counts=dict(Counter(firing.state.value for firing in firings)),
        firings=firings[-limit:][::-1],
    )


def _arrivals(ctx: Context, watching: IndexedTrigger, first: datetime, now: datetime) -> Iterator[Arrival]:
    kind = watching.kind
    if (moment := kind.next_due(first)) is not None:
        yield from (Arrival(each) for each in (kind.due_between(moment, now) if moment <= now else ()))
        return
    for event in _events(ctx.tx, watching, first):
        if ctx.principal.allows("event:read", event.project):
            yield Arrival(event.at, event)


def _events(tx: Connection, watching: IndexedTrigger, first: datetime) -> list[Event]:
    """Return the events since a moment whose type may wake the trigger, oldest first: the newest 20,000."""
    # From the newest backwards, in pages: what is older than the span is not read.
    head = events.head(tx)
    types = [each for each in events.types_between(tx, 0, head) if watching.kind.may_match(each)]
    found: list[Event] = []
    before: int | None = None
    while types and len(found) < MAX_EVENTS:
        page = events.read(tx, before=before, limit=_BATCH, types=types, newest_first=True)
        recent = [event for event in page if event.at >= first]
        found += recent
        if len(recent) < _BATCH:
            break
        before = page[-1].seq
    return found[::-1]


def _matches(watching: IndexedTrigger, event: Event) -> bool:
    """Tell whether an event would wake the trigger, had it been there then."""
    there: Trigger = msgspec.structs.replace(watching.trigger, created_seq=0)
    return watching._replace(trigger=there).matches(event)


def _now(ctx: Context, watching: IndexedTrigger, event: Event | None, at: datetime) -> SimulatedFiring:
    """Say what would become of one event, or of a match at a moment, as the trigger stands."""
    trigger = watching.trigger
    key = firing_key(event, PlainExpression(trigger.key) if trigger.key else None) if event else ""
    made = SimulatedFiring(
        at=event.at if event else at,
        key=key,
        state=FiringState.SUPPRESSED,
        event=event.id if event else None,
        subject=event.subject if event else "",
    )
    if reason := _no_match(watching, event, at):
        return msgspec.structs.replace(made, reason=reason)
    if event and not watching.passes_filter(event):
        reason = f"the filter {trigger.filter!r} does not hold"
        return msgspec.structs.replace(made, state=FiringState.FILTERED, reason=reason)
    if event and (reason := why_not_enough(ctx, trigger, event)):
        return msgspec.structs.replace(made, state=FiringState.FILTERED, reason=reason)
    if key and (known := store.firing_of(ctx.tx, trigger.name, key)):
        return msgspec.structs.replace(made, reason=f"its key came before: {known.ref} {known.state.value}")
    most = most_open(action_of(trigger.action))
    chain = chain_of(ctx.tx, event)
    hold = held_back(RecordedFirings(ctx.tx, trigger.name), trigger, at, chain=chain, most=most)
    if hold is None:
        wait = timedelta(seconds=trigger.debounce if event else 0)
        return msgspec.structs.replace(made, state=FiringState.FIRED, fires_at=at + wait)
    state = FiringState.OWED if hold.owed else FiringState.SUPPRESSED
    return msgspec.structs.replace(made, state=state, reason=hold.reason, fires_at=hold.until)


def _no_match(watching: IndexedTrigger, event: Event | None, at: datetime) -> str:
    if event is not None:
        return "" if _matches(watching, event) else "it waits for other events"
    due = watching.kind.next_due(at - timedelta(microseconds=1))
    if due is None or due == at:
        return ""
    return f"no moment of its calendar; the next one is {due:%Y-%m-%d %H:%M:%S} UTC"
