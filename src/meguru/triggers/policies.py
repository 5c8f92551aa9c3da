"""Rate limits of a trigger: cooldown, firings a day, budget; and its debounce."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from meguru.triggers.types import Trigger, TriggerBudget

DAY = timedelta(days=1)
DEBOUNCE_FACTOR = 10
"""By default a match waits at most so many times its quiet time."""


class FiringLedger(Protocol):
    """What a trigger did so far: as it is recorded, or as a dry run supposes."""

    def working(self, most: int) -> str:
        """Return one of the things it started that still work, if these are `most`; else nothing."""
        ...

    def fired_since(self, since: datetime) -> tuple[int, datetime | None]:
        """Return how often it fired after a moment, and when it did last."""
        ...

    def nth_newest(self, n: int) -> datetime | None:
        """Return when it fired for the nth time, counted from the newest; None if it did less often."""
        ...

    def seconds_since(self, since: datetime) -> float:
        """Return how long the steps took of what it started after a moment, in seconds."""
        ...

    def fired_from(self, root: str) -> int:
        """Return how many firings one event led to."""
        ...


class LimitReached(NamedTuple):
    """Why a trigger does not fire now, and until when."""

    reason: str
    until: datetime


def limited_by(trigger: Trigger, now: datetime, ledger: FiringLedger) -> LimitReached | None:
    """Return which of its limits holds a trigger back; None when none does."""
    return (
        _in_cooldown(trigger, now, ledger)
        or _over_daily_limit(trigger, now, ledger)
        or _over_budget(trigger, now, ledger)
    )


def debounced_until(trigger: Trigger, now: datetime, since: datetime) -> datetime:
    """Return when a match of now may fire: when it is quiet, or the first, from `since`, waited enough."""
    most = trigger.debounce_max or DEBOUNCE_FACTOR * trigger.debounce
    # A clock that was set back makes nobody wait for the future.
    return min(now + timedelta(seconds=trigger.debounce), min(since, now) + timedelta(seconds=most))


def begin_of(budget: TriggerBudget, now: datetime) -> datetime:
    """Return when the day or month of a budget began."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return day.replace(day=1) if budget.per == "month" else day


def end_of(budget: TriggerBudget, now: datetime) -> datetime:
    """Return when the next day or month of a budget begins."""
    begin = begin_of(budget, now)
    return (begin + timedelta(days=32)).replace(day=1) if budget.per == "month" else begin + DAY


def _in_cooldown(trigger: Trigger, now: datetime, ledger: FiringLedger) -> LimitReached | None:
    wait = timedelta(seconds=trigger.cooldown)
    _, last = ledger.fired_since(now - wait) if wait else (0, None)
    # What fired later than now did so before the clock was set back.
    if last is None or last > now:
        return None
    until = last + wait
    return LimitReached(
        f"it fired at {last:%Y-%m-%d %H:%M:%S} UTC and rests until {until:%Y-%m-%d %H:%M:%S} UTC", until
    )


def _over_daily_limit(trigger: Trigger, now: datetime, ledger: FiringLedger) -> LimitReached | None:
    most = trigger.max_per_day
    if most is None or (oldest := ledger.nth_newest(most)) is None or not now - DAY < oldest <= now:
        return None
    reason = f"it fired {most} times within 24 hours, and {most} are allowed"
    return LimitReached(reason, oldest + DAY)


def _over_budget(trigger: Trigger, now: datetime, ledger: FiringLedger) -> LimitReached | None:
    budget = trigger.budget
    if budget is None:
        return None
    begin, until = begin_of(budget, now), end_of(budget, now)
    if budget.runs is not None and ledger.fired_since(begin)[0] >= budget.runs:
        reason = f"its budget of {budget.runs:,} firings a {budget.per} is used up until {until:%Y-%m-%d} UTC"
        return LimitReached(reason, until)
    if budget.seconds is not None and (spent := ledger.seconds_since(begin)) >= budget.seconds:
        reason = (
            f"what it started took {spent:,.0f} s, and its budget is {budget.seconds:,g} s a {budget.per}, "
            f"until {until:%Y-%m-%d} UTC"
        )
        return LimitReached(reason, until)
    return None
