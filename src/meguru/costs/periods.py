"""Days, weeks and months of budgets, in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta

_DAY = timedelta(days=1)


def begin_of(per: str, moment: datetime) -> datetime:
    """Return when the day, the week (Monday) or the month of a moment began."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if per == "week":
        return day - day.weekday() * _DAY
    return day.replace(day=1) if per == "month" else day


def end_of(per: str, start: datetime) -> datetime:
    """Return when the next one begins."""
    if per == "month":
        return (start + 32 * _DAY).replace(day=1)
    return start + (7 if per == "week" else 1) * _DAY
