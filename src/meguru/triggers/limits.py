"""Whether a match fires now: pause, chain bounds, concurrency, rate limits."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from meguru.triggers import store
from meguru.triggers.chains import MAX_DEPTH, MAX_FIRINGS, Chain
from meguru.triggers.policies import FiringLedger, limited_by
from meguru.triggers.types import Trigger

MAX_QUEUED = 100
"""How many runs of a calendar that catches up on everything may wait for each other."""
STILL_RUNNING = "what it started before is still running"
SUPERSEDED = "a newer match took its place"
PAUSED = "the trigger is paused"
DEBOUNCED = "it waits until nothing came"


class Hold(NamedTuple):
    """Why a match does not fire now, and whether it does when it may: then it is owed.

    `until` is when it may, where that is known. `cut` tells that firings which cause each other end here.
    """

    reason: str
    owed: bool = False
    until: datetime | None = None
    cut: bool = False


class RecordedFirings(FiringLedger):
    """What a trigger did, as it is recorded."""

    def __init__(self, tx: Connection, name: str) -> None:
        self._tx, self._name = tx, name

    def working(self, most: int) -> str:
        """See `FiringLedger`."""
        busy = store.running(self._tx, self._name, limit=most)
        return (busy[0].started or busy[0].job or "") if len(busy) >= most else ""

    def fired_since(self, since: datetime) -> tuple[int, datetime | None]:
        """See `FiringLedger`."""
        return store.fired_since(self._tx, self._name, since)

    def nth_newest(self, n: int) -> datetime | None:
        """See `FiringLedger`."""
        return store.nth_newest(self._tx, self._name, n)

    def seconds_since(self, since: datetime) -> float:
        """See `FiringLedger`."""
        return store.seconds_since(self._tx, self._name, since)

    def fired_from(self, root: str) -> int:
        """See `FiringLedger`."""
        return store.fired_from(self._tx, root)


def held_back(
    ledger: FiringLedger, trigger: Trigger, now: datetime, *, chain: Chain, most: int | None
) -> Hold | None:
    """Return why a trigger may not fire now, with `most` of its jobs open at a time; None when it may."""
    # The order is that of finality: first what ends the match, then what only delays it.
    if not trigger.enabled:
        return Hold(PAUSED)
    if chain.depth >= MAX_DEPTH:
        return Hold(f"{chain.depth} firings in a row caused each other; the chain is cut here", cut=True)
    if chain.root and ledger.fired_from(chain.root) >= MAX_FIRINGS:
        return Hold(f"one event led to {MAX_FIRINGS} firings; the chain is cut here", cut=True)
    # What came of its own firing would keep it going for ever: it is no news that is missed.
    owed = chain.trigger != trigger.name
    if most is not None and (busy := ledger.working(most)):
        what = f"{most} runs that it started before wait or run" if most > 1 else STILL_RUNNING
        return Hold(f"{what} ({busy})", owed=owed)
    rest = limited_by(trigger, now, ledger)
    return Hold(rest.reason, owed=owed, until=rest.until) if rest else None
