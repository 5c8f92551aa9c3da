"""Suppose that a trigger had been there: what would have fired, and what would have held it back."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from meguru.base.expressions import PlainExpression
from meguru.kernel.events import Event
from meguru.triggers.actions import Action
from meguru.triggers.chains import Chain
from meguru.triggers.facts import key_of
from meguru.triggers.index import Watching
from meguru.triggers.limits import TOOK_ITS_PLACE, Hold, held_back
from meguru.triggers.policies import FiringLedger, quiet_at
from meguru.triggers.types import FiringState, ForeseenFiring, Trigger

_NO_CHAIN = Chain(0, "")
_MOST_STEPS = 100
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


class Arrival(NamedTuple):
    """Something that would have woken the trigger: an event, or a moment of its calendar."""

    at: datetime
    event: Event | None = None


class SupposedFirings(FiringLedger):
    """What the trigger would have done so far; each of its actions works for `takes`."""

    def __init__(self, takes: timedelta) -> None:
        self.takes, self.now = takes, _BEGINNING
        self.fired: list[datetime] = []

    def add(self, at: datetime) -> None:
        """Note a firing; moments stay in order also where the clock was set back between two events."""
        insort(self.fired, at)

    def working(self, most: int) -> str:
        """See `FiringLedger`."""
        return "supposed" if most and len(self.fired) - self._first_open() >= most else ""

    def next_end(self) -> datetime:
        """Return when the first of those ends that still work."""
        return self.fired[self._first_open()] + self.takes

    def _first_open(self) -> int:
        # By bisection: 20,000 events, each of which asks several limits, would else be quadratic work.
        return bisect_right(self.fired, self.now - self.takes)

    def fired_since(self, since: datetime) -> tuple[int, datetime | None]:
        """See `FiringLedger`."""
        count = len(self.fired) - bisect_right(self.fired, since)
        return count, self.fired[-1] if count else None

    def nth_newest(self, n: int) -> datetime | None:
        """See `FiringLedger`."""
        return self.fired[-n] if len(self.fired) >= n else None

    def seconds_since(self, since: datetime) -> float:
        """See `FiringLedger`."""
        return self.takes.total_seconds() * self.fired_since(since)[0]

    def fired_from(self, root: str) -> int:
        """See `FiringLedger`."""
        del root
        return 0


class Foreseer:
    """Goes through what came, in order; nothing is read of the database or written to it."""

    def __init__(self, watching: Watching, action: Action, takes: timedelta) -> None:
        # Whether it is paused now tells nothing of what it would do.
        self._trigger: Trigger = msgspec.structs.replace(watching.trigger, enabled=True)
        self._watching, self._action = watching, action
        self._key = PlainExpression(self._trigger.key) if self._trigger.key else None
        self._ledger = SupposedFirings(takes)
        self._seen: set[str] = set()
        self._owed: ForeseenFiring | None = None
        self._since = self._quiet = _BEGINNING
        self.found: list[ForeseenFiring] = []

    def go(self, arrivals: Iterable[Arrival], until: datetime) -> list[ForeseenFiring]:
        """Return what would have become of each arrival, by the moment `until`."""
        for each in arrivals:
            self._pay(each.at)
            self._decide(each)
        self._pay(until)
        if self._owed is not None:
            self.found.append(self._owed)
        return sorted(self.found, key=lambda each: each.at)

    def _decide(self, arrival: Arrival) -> None:
        at, event = arrival
        key = key_of(event, self._key) if event else f"due:{at:%Y-%m-%dT%H:%M:%SZ}"
        made = ForeseenFiring(
            at=at,
            key=key,
            state=FiringState.FIRED,
            event=event.id if event else None,
            subject=event.subject if event else "",
        )
        if event and not self._watching.lets_in(event):
            self._keep(made, FiringState.FILTERED, f"the filter {self._trigger.filter!r} does not hold")
            return
        if key in self._seen:
            self._keep(made, FiringState.SUPPRESSED, "its key came before")
            return
        self._seen.add(key)
        hold = self._hold(at)
        if hold is None and self._trigger.debounce and event:
            hold = Hold(f"it waits until nothing came for {self._trigger.debounce:g} s", owed=True)
        if hold is None:
            self._supersede()
            self._fire(made, at)
        elif event is None and self._watching.kind.catch_up != "latest":
            self._keep(made, FiringState.MISSED, hold.reason)
        else:
            self._since = self._since if self._owed else at
            self._quiet = quiet_at(self._trigger, at, self._since)
            self._supersede()
            self._owed = msgspec.structs.replace(made, state=FiringState.OWED, reason=hold.reason)

    def _pay(self, until: datetime) -> None:
        """Fire what is owed if it may by then."""
        if self._owed is None:
            return
        at = max(self._quiet, self._owed.at)
        for _ in range(_MOST_STEPS):
            if at > until:
                return
            hold = self._hold(at)
            if hold is None:
                owed, self._owed = self._owed, None
                self._fire(owed, at)
                return
            at = hold.until or self._ledger.next_end()

    def _hold(self, at: datetime) -> Hold | None:
        self._ledger.now = at
        most = 1 if self._action.exclusive else None
        return held_back(self._ledger, self._trigger, at, chain=_NO_CHAIN, most=most)

    def _fire(self, made: ForeseenFiring, at: datetime) -> None:
        self._ledger.add(at)
        self.found.append(msgspec.structs.replace(made, state=FiringState.FIRED, fires_at=at))

    def _supersede(self) -> None:
        if self._owed is not None:
            reason = f"{self._owed.reason}; {TOOK_ITS_PLACE}"
            self._keep(self._owed, FiringState.SUPPRESSED, reason)
            self._owed = None

    def _keep(self, made: ForeseenFiring, state: FiringState, reason: str) -> None:
        self.found.append(msgspec.structs.replace(made, state=state, reason=reason))
