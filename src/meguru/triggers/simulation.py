"""Simulate a trigger over past events: what would have fired, and which limits would have held it back."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from meguru.base.expressions import PlainExpression
from meguru.kernel.events import Event
from meguru.triggers.actions import Action
from meguru.triggers.calendar import moment_key
from meguru.triggers.chains import Chain
from meguru.triggers.event_fields import firing_key
from meguru.triggers.index import IndexedTrigger
from meguru.triggers.limits import DEBOUNCED, SUPERSEDED, Hold, held_back
from meguru.triggers.policies import FiringLedger, debounced_until
from meguru.triggers.types import FiringState, SimulatedFiring, Trigger

_NO_CHAIN = Chain(0, "")
_MAX_STEPS = 100
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


class Arrival(NamedTuple):
    """Something that would have woken the trigger: an event, or a moment of its calendar."""

    at: datetime
    event: Event | None = None


class SimulatedFirings(FiringLedger):
    """The firings simulated so far; each of its actions runs for `duration`."""

    def __init__(self, duration: timedelta) -> None:
        self.duration, self.now = duration, _BEGINNING
        self.fired: list[datetime] = []

    def add(self, at: datetime) -> None:
        """Note a firing; moments stay in order also where the clock was set back between two events."""
        insort(self.fired, at)

    def working(self, most: int) -> str:
        """See `FiringLedger`."""
        return "supposed" if most and len(self.fired) - self._first_open() >= most else ""

    def next_end(self) -> datetime:
        """Return when the first of those ends that still work."""
        return self.fired[self._first_open()] + self.duration

    def _first_open(self) -> int:
        # By bisection: 20,000 events, each of which asks several limits, would else be quadratic work.
        return bisect_right(self.fired, self.now - self.duration)

    def fired_since(self, since: datetime) -> tuple[int, datetime | None]:
        """See `FiringLedger`."""
        count = len(self.fired) - bisect_right(self.fired, since)
        return count, self.fired[-1] if count else None

    def nth_newest(self, n: int) -> datetime | None:
        """See `FiringLedger`."""
        return self.fired[-n] if len(self.fired) >= n else None

    def seconds_since(self, since: datetime) -> float:
        """See `FiringLedger`."""
        return self.duration.total_seconds() * self.fired_since(since)[0]

    def fired_from(self, root: str) -> int:
        """See `FiringLedger`."""
        del root
        return 0


class TriggerSimulation:
    """Replays arrivals in order; it reads nothing of the database and writes nothing."""

    def __init__(self, watching: IndexedTrigger, action: Action, duration: timedelta) -> None:
        # Whether it is paused now tells nothing of what it would do.
        self._trigger: Trigger = msgspec.structs.replace(watching.trigger, enabled=True)
        self._watching, self._action = watching, action
        self._key = PlainExpression(self._trigger.key) if self._trigger.key else None
        self._ledger = SimulatedFirings(duration)
        self._decided_keys: set[str] = set()
        self._owed: SimulatedFiring | None = None
        self._since = self._quiet = _BEGINNING
        self.results: list[SimulatedFiring] = []

    def run(self, arrivals: Iterable[Arrival], until: datetime) -> list[SimulatedFiring]:
        """Return what would have become of each arrival, by the moment `until`."""
        for each in arrivals:
            self._fire_owed(each.at)
            self._decide(each)
        self._fire_owed(until)
        if self._owed is not None:
            self.results.append(self._owed)
        return sorted(self.results, key=lambda each: each.at)

    def _decide(self, arrival: Arrival) -> None:
        at, event = arrival
        key = firing_key(event, self._key) if event else moment_key(at)
        firing = SimulatedFiring(
            at=at,
            key=key,
            state=FiringState.FIRED,
            event=event.id if event else None,
            subject=event.subject if event else "",
        )
        if event and not self._watching.passes_filter(event):
            self._record(firing, FiringState.FILTERED, f"the filter {self._trigger.filter!r} does not hold")
            return
        if key in self._decided_keys:
            self._record(firing, FiringState.SUPPRESSED, "its key came before")
            return
        self._decided_keys.add(key)
        hold = self._held_back(at)
        if hold is None and self._trigger.debounce and event:
            hold = Hold(f"{DEBOUNCED} for {self._trigger.debounce:g} s", owed=True)
        if hold is None:
            self._supersede()
            self._fire(firing, at)
        elif event is None and self._watching.kind.catch_up != "latest":
            self._record(firing, FiringState.MISSED, hold.reason)
        else:
            self._since = self._since if self._owed else at
            self._quiet = debounced_until(self._trigger, at, self._since)
            self._supersede()
            self._owed = msgspec.structs.replace(firing, state=FiringState.OWED, reason=hold.reason)

    def _fire_owed(self, until: datetime) -> None:
        """Fire what is owed if it may by then."""
        if self._owed is None:
            return
        at = max(self._quiet, self._owed.at)
        # Each step is to the next moment at which a limit may give way; mostly one or two of them.
        for _ in range(_MAX_STEPS):
            if at > until:
                return
            hold = self._held_back(at)
            if hold is None:
                owed, self._owed = self._owed, None
                self._fire(owed, at)
                return
            at = hold.until or self._ledger.next_end()

    def _held_back(self, at: datetime) -> Hold | None:
        self._ledger.now = at
        most = 1 if self._action.exclusive else None
        return held_back(self._ledger, self._trigger, at, chain=_NO_CHAIN, most=most)

    def _fire(self, made: SimulatedFiring, at: datetime) -> None:
        self._ledger.add(at)
        self.results.append(msgspec.structs.replace(made, state=FiringState.FIRED, fires_at=at))

    def _supersede(self) -> None:
        if self._owed is not None:
            reason = f"{self._owed.reason}; {SUPERSEDED}"
            self._record(self._owed, FiringState.SUPPRESSED, reason)
            self._owed = None

    def _record(self, made: SimulatedFiring, state: FiringState, reason: str) -> None:
        self.results.append(msgspec.structs.replace(made, state=state, reason=reason))
