"""Wake by the calendar: a cron expression in a time zone, and a rule for what came while nobody was there."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import takewhile
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec
from cronsim import CronSimError

from meguru.base.local_time import moments
from meguru.errors import InvalidInput, near_misses
from meguru.kernel.events import Event
from meguru.kernel.operations import Context

LISTED = 1000
_FIRST_LOOK = timedelta(hours=1)


class Cron(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"cron": "0 2 * * *", "tz": "Asia/Tokyo"}``: minute, hour, day of month, month, day of week.

    `catch_up` says what fires of the moments that came while no server was running: ``none``, the
    ``latest``, or ``all`` of them.
    """

    key: ClassVar[str] = "cron"
    names: ClassVar[dict[str, tuple[str, str]]] = {}
    about: ClassVar[str | None] = None

    cron: str
    tz: str = "UTC"
    catch_up: Literal["none", "latest", "all"] = "latest"

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
        try:
            next(moments(self.cron, zone, ctx.now()))
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
        return next(moments(self.cron, self._zone(), after), None)

    def due_between(self, first: datetime, last: datetime) -> list[datetime]:
        """Return the moments from `first` (which is one) to `last`: the newest 1000 of them, in order."""
        zone, look = self._zone(), _FIRST_LOOK
        while True:
            since = max(first, last - look)
            after = since - timedelta(microseconds=1)
            found = list(takewhile(lambda moment: moment <= last, moments(self.cron, zone, after)))
            if since == first or len(found) > LISTED:
                return found[-LISTED:] or [first]
            look *= 4

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
