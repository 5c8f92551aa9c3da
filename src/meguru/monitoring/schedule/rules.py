"""What people say of when a monitor looks: its windows, their completeness, its schedule."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec
from cronsim import CronSimError

from meguru.base import durations
from meguru.base.local_time import moments
from meguru.errors import InvalidInput, near_misses

MAX_ROWS, MAX_MAKE_UP = 1_000_000, 10_000
SPREAD_SHARE, MAX_SPREAD_SECONDS = 0.05, 600.0
"""Monitors look within this share of a window after its end, and within so many seconds."""
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_LENGTHS = {"hour": 3600.0, "day": 86400.0, "week": 7 * 86400.0, "month": 30 * 86400.0}


class _Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a spec; what is as by default is not written."""


class WindowRule(_Rule, frozen=True, kw_only=True):
    """``{"calendar": "month", "zone": "Asia/Tokyo"}``, or ``{"rows": 5000}``: so many rows each.

    Windows are of event time, without gaps: each begins where the one before it ends. Weeks begin on Monday.
    A window of rows ends right after its last row; rows that come late belong to the window of their time.
    """

    calendar: Literal["hour", "day", "week", "month"] | None = None
    zone: str = "UTC"
    rows: int | None = None

    def check(self) -> WindowRule:
        """Return it; refuse neither or both of calendar and rows, too many rows, an unknown zone."""
        if (self.calendar is None) == (self.rows is None):
            what = "a window is of the calendar, or of so many rows"
            raise InvalidInput(what, field="window", hint='{"calendar": "day"}, or {"rows": 5000}')
        if self.rows is not None and not 1 <= self.rows <= MAX_ROWS:
            why = f"it is {self.rows}, and 1 to {MAX_ROWS:,} are allowed"
            raise InvalidInput("so many rows make no window", field="window.rows", why=why)
        zone_of(self.zone, "window.zone")
        return self

    def spread(self, name: str) -> float:
        """Return how many seconds after a window's end a monitor looks, by its name: not all at once."""
        if self.calendar is None:
            return 0.0
        share = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") / 2**32
        return share * min(MAX_SPREAD_SECONDS, SPREAD_SHARE * _LENGTHS[self.calendar])


class Completeness(_Rule, frozen=True, kw_only=True):
    """How it is known that a window is full; lengths of time are seconds, or texts such as ``3d``.

    Attributes
    ----------
    lateness
        How far beyond its end the endpoint's event time must be: so late may rows come.
    label_delay
        So long after its end outcomes may still come.
    coverage
        The share of rows with an outcome from which it is full before `label_delay` is over, and below
        which it is partial afterwards.
    quiet
        When nothing has come for so long, the event time goes on by the clock.
    """

    lateness: float | str = 0.0
    label_delay: float | str = 0.0
    coverage: float = 0.0
    quiet: float | str = 600.0

    def check(self) -> Completeness:
        """Return it with its lengths in seconds; refuse what is no length or share."""
        if not 0 <= self.coverage <= 1:
            why = f"it is {self.coverage:g}"
            raise InvalidInput("coverage must lie between 0 and 1", field="complete.coverage", why=why)
        completeness = msgspec.structs.replace(
            self,
            **{
                name: durations.length(getattr(self, name), field=f"complete.{name}")
                for name in ("lateness", "label_delay", "quiet")
            },
        )
        if completeness.coverage and not completeness.label_delay:
            raise InvalidInput(
                "outcomes are waited for, and nothing says how long",
                field="complete.label_delay",
                hint='{"coverage": 0.9, "label_delay": "30d"}',
            )
        return completeness


AS_IT_COMES = Completeness()
"""No outcomes are waited for, and no late rows."""


class CronRule(_Rule, frozen=True, kw_only=True):
    """``{"cron": "0 6 * * *", "zone": "Asia/Tokyo"}``: the moments at which a monitor looks."""

    cron: str
    zone: str = "UTC"

    def check(self) -> CronRule:
        """Return it; refuse what is no cron expression of five fields, and an unknown zone."""
        zone = zone_of(self.zone, "schedule.zone")
        hint = "'0 2 * * *' is every day at two"
        if len(self.cron.split()) != 5:
            raise InvalidInput(
                f"{self.cron[:100]!r} is not a cron expression",
                why="it has five fields: minute hour day-of-month month day-of-week",
                hint=hint,
                field="schedule.cron",
            )
        try:
            next(moments(self.cron, zone, _SOME_DAY))
        except CronSimError as error:
            what = f"{self.cron!r} is not a cron expression"
            raise InvalidInput(what, why=str(error), hint=hint, field="schedule.cron") from error
        except StopIteration:
            raise InvalidInput(f"{self.cron!r} never comes", field="schedule.cron") from None
        return self

    def following(self, after: datetime) -> datetime | None:
        """Return the next moment; None if there is none."""
        return next(moments(self.cron, zone_of(self.zone), after), None)


Schedule = Literal["window"] | CronRule
"""``window``: as soon as a window is full; or the moments of a calendar."""


def zone_of(name: str, field: str = "zone") -> ZoneInfo:
    """Return a time zone by its name; InvalidInput, with what looks like it, if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        close = near_misses(name, available_timezones())
        hint = f"did you mean {close[0]!r}?" if close else "write it as Asia/Tokyo"
        raise InvalidInput(f"there is no time zone {name[:100]!r}", hint=hint, field=field) from None
