"""When a trigger that matched is held back, and why."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from meguru.errors import NotFound
from meguru.kernel import events
from meguru.kernel.events import Event
from meguru.triggers import store
from meguru.triggers.types import Trigger

MAX_DEPTH = 20
MAX_FIRINGS = 200
QUEUED = 100
"""How many runs of a calendar that catches up on everything may wait for each other."""
WORKING = "what it started before is still running"
TOOK_ITS_PLACE = "a newer match took its place"
_MAX_HOPS = 500
_DAY = timedelta(days=1)
_FIRINGS = ("trigger.fired", "trigger.failed")


class Chain(NamedTuple):
    """Where a match stands among firings that caused each other: how many, from which event on.

    `trigger` is the one that fired last before it; empty when none did.
    """

    depth: int
    root: str
    trigger: str = ""


def chain_of(tx: Connection, event: Event | None) -> Chain:
    """Follow an event's causes back to the nearest firing, which knows the rest, or to the first cause."""
    if event is None:
        return Chain(0, "")
    for _ in range(_MAX_HOPS):
        if event.type in _FIRINGS and "root" in event.data:
            fired = event.subject.removeprefix("trigger/")
            return Chain(int(event.data["depth"]), str(event.data["root"]), fired)
        if event.cause is None:
            break
        try:
            event = events.one(tx, event.cause)
        except NotFound:
            break
    else:
        return Chain(MAX_DEPTH, event.id)
    return Chain(0, event.id)


class Hold(NamedTuple):
    """Why a match does not fire now, and whether it does when it may: then it is owed."""

    reason: str
    owed: bool = False


def held_back(
    tx: Connection, trigger: Trigger, now: datetime, *, chain: Chain, most: int | None
) -> Hold | None:
    """Return why a trigger may not fire now, with `most` of its jobs open at a time; None when it may."""
    if not trigger.enabled:
        return Hold("the trigger is paused")
    if chain.depth >= MAX_DEPTH:
        return Hold(f"{chain.depth} firings in a row caused each other; the chain is cut here")
    if chain.root and store.fired_from(tx, chain.root) >= MAX_FIRINGS:
        return Hold(f"one event led to {MAX_FIRINGS} firings; the chain is cut here")
    busy = _working(tx, trigger, most) or _resting(tx, trigger, now)
    # What came of its own firing would keep it going for ever: it is no news that is missed.
    return Hold(busy, owed=chain.trigger != trigger.name) if busy else None


def _working(tx: Connection, trigger: Trigger, most: int | None) -> str:
    if most is not None and len(busy := store.running(tx, trigger.name, limit=most)) >= most:
        what = f"{most} runs that it started before wait or run" if most > 1 else WORKING
        return f"{what} ({busy[0].started or busy[0].job})"
    return ""


def _resting(tx: Connection, trigger: Trigger, now: datetime) -> str:
    wait = timedelta(seconds=trigger.cooldown)
    _, last = store.fired_since(tx, trigger.name, now - wait)
    if last is not None and wait:
        until = last + wait
        return f"it fired at {last:%Y-%m-%d %H:%M:%S} UTC and rests until {until:%Y-%m-%d %H:%M:%S} UTC"
    if trigger.max_per_day is not None:
        count, _ = store.fired_since(tx, trigger.name, now - _DAY)
        if count >= trigger.max_per_day:
            return f"it fired {count} times within 24 hours, and {trigger.max_per_day} are allowed"
    return ""
