"""From a range to its partitions: the hours, days, weeks or months between two moments, both counted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TypeVar

from meguru.backfills.types import Width
from meguru.errors import InvalidInput

T = TypeVar("T", date, datetime)
MAX_PARTITIONS = 10_000
_WIDTHS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}


def keys_of(first: str, last: str, width: Width) -> list[str]:
    """Return the keys from `first` to `last`, in order; with hours, a `last` day counts to its end.

    Raises
    ------
    InvalidInput
        If one of them is no date (with hours: no time), `last` is before `first`, or there are too many.
    """
    found: list[str] = []
    for moment in _between(first, last, width):
        if len(found) == MAX_PARTITIONS:
            raise InvalidInput(
                f"there are more than {MAX_PARTITIONS:,} partitions from {first} to {last}",
                field="last",
                hint="take a shorter range or wider partitions",
            )
        found.append(moment.isoformat())
    if not found:
        raise InvalidInput(f"{last} is before {first}", field="last", hint="change --from and --to")
    return found


def _between(first: str, last: str, width: Width) -> Iterator[date]:
    if width == "hour":
        start, end = _moment(first, "first"), _moment(last, "last")
        if (start.tzinfo is None) != (end.tzinfo is None):
            raise InvalidInput("one of the two moments has a time zone, the other has none", field="last")
        if len(last) == len("2024-01-01"):
            end += timedelta(hours=23)
        yield from _steps(start, end, _WIDTHS["hour"])
        return
    begin, until = _day(first, "first"), _day(last, "last")
    if width == "month":
        yield from _months(begin, until)
    else:
        yield from _steps(begin, until, _WIDTHS[width])


def _steps(now: T, last: T, width: timedelta) -> Iterator[T]:
    while now <= last:
        yield now
        try:
            now = now + width
        except OverflowError:
            return


def _months(now: date, last: date) -> Iterator[date]:
    if now.day > 28:
        raise InvalidInput(
            f"not every month has a day {now.day}", field="first", hint="begin with the first of a month"
        )
    while now <= last:
        yield now
        year, month = divmod(now.year * 12 + now.month, 12)
        if year > date.max.year:
            return
        now = now.replace(year=year, month=month + 1)


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(
            f"{text[:60]!r} is no date", why=str(error), field=field, hint="write it like 2024-01-31"
        ) from error


def _moment(text: str, field: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        hint = "write it like 2024-01-31T06:00"
        raise InvalidInput(f"{text[:60]!r} is no time", why=str(error), field=field, hint=hint) from error
