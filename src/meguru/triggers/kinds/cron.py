"""Wake by the calendar: a cron expression in a time zone.

Daylight saving follows Debian's cron: a moment that the clock skips counts right after the gap, one
that comes twice counts once. After a stop, the latest missed moment counts once and the others are
recorded as missed.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec
from cronsim import CronSim, CronSimError

from meguru.errors import InvalidInput, near_misses
from meguru.runtime.events import Event
from meguru.runtime.operations import Context

LISTED = 100


class Cron(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"cron": "0 2 * * *", "tz": "Asia/Tokyo"}``: minute, hour, day of month, month, day of week."""

    key: ClassVar[str] = "cron"

    cron: str
    tz: str = "UTC"

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
            next(CronSim(self.cron, ctx.now().astimezone(zone)))
        except CronSimError as error:
            raise InvalidInput(
                f"{self.cron!r} is not a cron expression", why=str(error), field="on.cron"
            ) from error
        except StopIteration:
            raise InvalidInput(f"{self.cron!r} never comes", field="on.cron") from None

    def matches(self, event: Event) -> bool:
        """Return False: the calendar decides."""
        del event
        return False

    def next_due(self, after: datetime) -> datetime | None:
        """Return the next moment of the expression."""
        found = next(CronSim(self.cron, after.astimezone(self._zone())), None)
        return None if found is None else found.astimezone(UTC)

    def due_between(self, first: datetime, last: datetime) -> tuple[list[datetime], datetime]:
        """Return the moments from `first` to `last`, at most 100 of them, and the latest."""
        moments: list[datetime] = []
        for moment in CronSim(self.cron, (first - timedelta(seconds=1)).astimezone(self._zone())):
            if moment > last or len(moments) == LISTED:
                break
            moments.append(moment.astimezone(UTC))
        else:
            moment = last
        if not moments:
            return [first], first
        if moment > last:
            return moments, moments[-1]
        back = CronSim(self.cron, (last + timedelta(seconds=1)).astimezone(self._zone()), reverse=True)
        return moments, max(moments[-1], next(back).astimezone(UTC))

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
