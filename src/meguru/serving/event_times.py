"""Event times of a request's rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from meguru.errors import InvalidInput
from meguru.flavors import values
from meguru.flavors.field_errors import describe_value

# Years 1 and 9999: turned to UTC, a time of theirs may be none that Python has.
_EDGES = {dt.MINYEAR, dt.MAXYEAR}


def plain(times: Any, time: Any, n: int) -> list[dt.datetime] | None:
    """Return the times of n rows that were decoded already; None when none were said.

    Raises
    ------
    msgspec.ValidationError
        When one is at the edge of the calendar; `spelled` looks closer.
    """
    found: list[dt.datetime] | None = _one_each(times, time, n)
    if found and any(each.year in _EDGES for each in found):
        raise msgspec.ValidationError("a time is at the edge of the calendar")
    return found


def spelled(given: Mapping[str, Any], n: int) -> list[dt.datetime] | None:
    """Return the times of n rows in any spelling that names one moment; None when none were said."""
    times, time = given.get("times"), given.get("time")
    if times is not None and not isinstance(times, list):
        raise InvalidInput("times must be an array", field="times", why=f"it is {describe_value(times)}")
    found = _one_each(times, time, n)
    if found is None:
        return None
    return [_moment(each, f"times[{index}]" if time is None else "time") for index, each in enumerate(found)]


def _one_each(times: Any, time: Any, n: int) -> list[Any] | None:
    none: tuple[Any, ...] = (UNSET, None)
    if time not in none:
        if times not in none or n > 1:
            raise InvalidInput("time is for one row", field="time", hint="send times, one for each row")
        return [time]
    if times in none:
        return None
    if len(times) != n:
        raise InvalidInput(
            "times has another length than the rows", why=f"{len(times)} of {n}", field="times"
        )
    found: list[Any] = times
    return found


def _moment(value: Any, path: str) -> dt.datetime:
    why = ""
    try:
        found = values.moment(value)
    except values.Unfit as error:
        why = str(error)
    else:
        if found.tzinfo is not None:
            return found
        why = "it has no time zone"
    why = f"it is {describe_value(value)}" + (f": {why}" if why else "")
    raise InvalidInput(
        f"{path} must be a time with a zone", field=path, why=why, hint="write 2026-03-01T09:00:00Z"
    )
