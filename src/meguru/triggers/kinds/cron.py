"""Wake by the calendar: a cron expression in a time zone, and a rule for what came while nobody was there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import takewhile
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec
from cronsim import CronSimError

from meguru.base.local_time import moments
from meguru.errors import InvalidInput, near_misses
from meguru.kernel.events import Event
from meguru.kernel.operations import Context
from meguru.triggers.kinds.business_days import MAX_NTH, business_days

MAX_MOMENTS = 1000
_FIRST_SPAN = timedelta(hours=1)
_MAX_SKIPPED_DAYS = 366 * 5
"""What comes on none of so many days that are looked at never comes."""


class Cron(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"cron": "0 2 * * *", "tz": "Asia/Tokyo"}``: minute, hour, day of month, month, day of week.

    `catch_up` says what fires of the moments that came while no server was running: ``none``, the
    ``latest``, or ``all`` of them. ``"days": "business"`` leaves out weekends and `holidays`: dates, and
    countries (``JP``, ``DE-BY``). `nth` keeps the nth business day of each month alone; -1 is the last.
    """

    key: ClassVar[str] = "cron"
    names: ClassVar[dict[str, tuple[str, str]]] = {}
    about: ClassVar[str | None] = None

    cron: str
    tz: str = "UTC"
    catch_up: Literal["none", "latest", "all"] = "latest"
    days: Literal["all", "business"] = "all"
    nth: int | None = None
    holidays: str | list[str] = []

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return self._zone()

    def check(self, ctx: Context) -> None:
        """Refuse an unknown time zone, and an expression that is wrong or never comes true."""
        zone = self._zone()
        if len(self.cron.split()) != 5:
            raise InvalidInput(
                f"{self.cron[:100]!r} is not a cron expression",
                why="it has five fields: minute hour day-of-month month day-of-week",
                hint="'0 2 * * *' is every day at two",
                field="on.cron",
            )
        self._check_days()
        try:
            next(self._moments(zone, ctx.now()))
        except CronSimError as error:
            raise InvalidInput(
                f"{self.cron!r} is not a cron expression", why=str(error), field="on.cron"
            ) from error
        except StopIteration:
            raise InvalidInput(f"{self.cron!r} never comes", field="on.cron") from None

    def may_match(self, type: str) -> bool:
        """Return False: the calendar decides."""
        del type
        return False

    def matches(self, event: Event) -> bool:
        """Return False: the calendar decides."""
        del event
        return False

    def next_due(self, after: datetime) -> datetime | None:
        """Return the next moment of the expression."""
        return next(self._moments(self._zone(), after), None)

    def due_between(self, first: datetime, last: datetime) -> list[datetime]:
        """Return the moments from `first` (which is one) to `last`: the newest 1000 of them, in order."""
        zone, span = self._zone(), _FIRST_SPAN
        while True:
            since = max(first, last - span)
            after = since - timedelta(microseconds=1)
            found = list(takewhile(lambda moment: moment <= last, self._moments(zone, after)))
            if since == first or len(found) > MAX_MOMENTS:
                return found[-MAX_MOMENTS:] or [first]
            span *= 4

    def _moments(self, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
        """Yield the moments of the expression that fall on its days."""
        if self.days == "all":
            yield from moments(self.cron, zone, after)
            return
        days = business_days(self._holidays())
        skipped = 0
        while skipped < _MAX_SKIPPED_DAYS:
            for instant in moments(self.cron, zone, after):
                day = instant.astimezone(zone).date()
                if day in days if self.nth is None else days.is_nth(day, self.nth):
                    skipped = 0
                    yield instant
                    continue
                # On with the next day: a cron of each minute has 1,440 moments in this one.
                after = datetime.combine(day + timedelta(days=1), time(), zone) - timedelta(microseconds=1)
                after, skipped = after.astimezone(UTC), skipped + 1
                break
            else:
                return

    def _holidays(self) -> tuple[str, ...]:
        given = [self.holidays] if isinstance(self.holidays, str) else self.holidays
        return tuple(each for each in given if each)

    def _check_days(self) -> None:
        if self.days == "all" and (self.nth is not None or self.holidays):
            raise InvalidInput(
                "nth and holidays are of business days", field="on.days", hint='"days": "business"'
            )
        if self.nth is not None and not 1 <= abs(self.nth) <= MAX_NTH:
            raise InvalidInput(f"nth is 1 to {MAX_NTH}, or -1 to -{MAX_NTH}", field="on.nth")
        if self.days == "business":
            business_days(self._holidays())

    def _zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self.tz)
        except (ZoneInfoNotFoundError, ValueError):
            close = near_misses(self.tz, available_timezones())
            raise InvalidInput(
                f"there is no time zone {self.tz[:100]!r}",
                hint=f"did you mean {close[0]!r}?" if close else "write it as Asia/Tokyo",
                field="on.tz",
            ) from None
