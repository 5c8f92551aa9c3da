"""The request log of an endpoint in one process: a request costs an append; counting is done elsewhere."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from meguru.serving.traffic.types import TURNED_AWAY, TrafficCounts
from meguru.stats.relative_histogram import bucket

MINUTE = 60
_GRACE_SECONDS = 2 * MINUTE
"""Seconds after which nothing is added to a minute any more."""


class RequestLog:
    """The requests of one endpoint since they were last counted, and the minutes that are not kept yet.

    `answered` and `worked` may be called by any thread; `count` by one.
    """

    def __init__(self) -> None:
        self._requests: deque[tuple[float, float, int, int]] = deque()
        self._work: deque[tuple[float, float, float]] = deque()
        self._minutes: dict[int, TrafficCounts] = {}
        self._changed: set[int] = set()
        self._counted_at = 0.0
        # A bound method of a deque: nothing is cheaper, and no lock is needed.
        self.append: Callable[[tuple[float, float, int, int]], Any] = self._requests.append
        """Take a request: when it was answered and after how many seconds, its status, its rows."""
        self.worked: Callable[[tuple[float, float, float]], Any] = self._work.append
        """Take a piece of work: when it ended, seconds that it took, seconds of processor that it used."""

    def count(self) -> list[TrafficCounts]:
        """Return the minutes that changed since the last time, each with all that was counted of it."""
        # Moments are of the clock that never goes back; what they are called is asked once.
        self._counted_at = time.time()
        offset = self._counted_at - time.perf_counter()
        while self._requests:
            at, seconds, status, rows = self._requests.popleft()
            self._request(self._minute(at + offset), seconds, status, rows)
        while self._work:
            at, busy, cpu = self._work.popleft()
            minute = self._minute(at + offset)
            minute.busy += busy
            minute.cpu += cpu
        return [_copied(self._minutes[each]) for each in sorted(self._changed)]

    def mark_saved(self, minutes: list[TrafficCounts]) -> None:
        """Take it that these minutes are written down; those that are over are forgotten."""
        # By when they were counted, not by now: a minute that is forgotten while the database was slow, and
        # then counted further, would be written over with what came last.
        limit = self._counted_at - _GRACE_SECONDS
        for counts in minutes:
            key = int(counts.start.timestamp()) // MINUTE
            self._changed.discard(key)
            if (key + 1) * MINUTE < limit:
                self._minutes.pop(key, None)

    def _minute(self, at: float) -> TrafficCounts:
        key = int(at) // MINUTE
        self._changed.add(key)
        counts = self._minutes.get(key)
        if counts is None:
            start = datetime.fromtimestamp(key * MINUTE, UTC)
            counts = self._minutes[key] = TrafficCounts(start=start, watched=MINUTE, latencies={})
        return counts

    @staticmethod
    def _request(minute: TrafficCounts, seconds: float, status: int, rows: int) -> None:
        minute.requests += 1
        if status in TURNED_AWAY:
            minute.turned_away += 1
        elif status >= 500:
            minute.errors += 1
        elif status >= 400:
            minute.refused += 1
        else:
            minute.rows += rows
        index = bucket(seconds)
        minute.latencies[index] = minute.latencies.get(index, 0) + 1


def _copied(counts: TrafficCounts) -> TrafficCounts:
    """Return the counts as they are now."""
    traffic_counts = TrafficCounts(start=counts.start, span=counts.span, latencies={})
    traffic_counts.add(counts)
    return traffic_counts
