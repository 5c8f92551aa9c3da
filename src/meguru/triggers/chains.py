"""Loop detection: how long a chain of firings that cause each other is, and which triggers form the loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection

from meguru.errors import NotFound
from meguru.kernel import events
from meguru.kernel.events import Event

MAX_DEPTH = 20
MAX_FIRINGS = 200
"""Circuit breakers: how many firings may cause each other in a row, and how many one event may lead to."""
_MAX_HOPS = 500
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
    last = event
    for hops, each in enumerate(_causes(tx, event)):
        last = each
        if _is_firing(each):
            return Chain(int(each.data["depth"]), str(each.data["root"]), _trigger(each))
        if hops >= _MAX_HOPS:
            # So long a chain of causes without a firing is nobody's work: treated as too deep, it ends here.
            return Chain(MAX_DEPTH, each.id)
    return Chain(0, last.id)


def loop_of(tx: Connection, event: Event | None, name: str) -> list[str]:
    """Return the triggers of the loop that a match of trigger `name` goes round in, as it began and ends.

    ``["retrain", "release", "retrain"]``: `retrain` leads to `release`, and that to `retrain`. Empty when
    the chain did not come round.
    """
    fired = [name]
    for each in _causes(tx, event) if event else ():
        if _is_firing(each):
            fired.append(_trigger(each))
            if fired[-1] == name:
                return fired[::-1]
        if len(fired) > MAX_DEPTH:
            break
    return []


def _causes(tx: Connection, event: Event) -> Iterator[Event]:
    """Yield an event, its cause, the cause of that, and so on."""
    for _ in range(MAX_DEPTH * _MAX_HOPS):
        yield event
        if event.cause is None:
            return
        try:
            event = events.get(tx, event.cause)
        except NotFound:
            return


def _is_firing(event: Event) -> bool:
    return event.type in _FIRINGS and "root" in event.data


def _trigger(event: Event) -> str:
    return event.subject.removeprefix("trigger/")
