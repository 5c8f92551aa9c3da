"""From what the clock on the wall says to moments: the hour that is skipped, and the one that comes twice.

As Debian's cron does it. A time of day (``30 2 * * *``) that the clock skips counts right after the gap, and
one that comes twice counts the first time. An expression that repeats (``*`` or ``*/n`` as minute or hour)
follows the clock: what it skips does not happen, and what comes twice happens twice.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

_MAX_SHIFT = timedelta(hours=3)


def moments(expression: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Yield the moments of a cron expression that are later than `after`, in order, in UTC."""
    repeats = any(field.startswith("*") for field in expression.split()[:2])
    # The zone is left out of what cronsim does: it loses moments where the clock moves by half an hour.
    walls = CronSim(expression, after.astimezone(zone).replace(tzinfo=None) - _MAX_SHIFT)
    waiting: list[datetime] = []
    last = after
    for wall in walls:
        found = _instants(wall, zone, repeats=repeats)
        for instant in found:
            heapq.heappush(waiting, instant)
        # No later wall time is an earlier moment than the first reading of this one.
        first = wall.replace(tzinfo=zone).astimezone(UTC)
        while waiting and waiting[0] <= first:
            if (instant := heapq.heappop(waiting)) > last:
                last = instant
                yield instant
    for instant in sorted(set(waiting)):
        if instant > last:
            yield instant


def _instants(wall: datetime, zone: ZoneInfo, *, repeats: bool) -> list[datetime]:
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first < second:  # the clock shows it twice
        return [first, second] if repeats else [first]
    if first > second:  # the clock never shows it
        return [] if repeats else [_end_of_gap(second, first, zone)]
    return [first]


def _end_of_gap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment between the two at which the clock is moved."""
    old = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)
