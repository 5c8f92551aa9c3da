"""What was counted of an endpoint's requests."""

from __future__ import annotations

from datetime import datetime

import msgspec

from meguru.stats.relative_histogram import quantile

TURNED_AWAY = frozenset({429, 503})
"""Statuses of requests that were not taken: the endpoint is full, or has no model yet."""


class TrafficCounts(msgspec.Struct, kw_only=True):
    """Requests that were answered from `start` on, for `span` seconds; all of it can be added.

    Attributes
    ----------
    requests, rows
        All requests, and the rows of those that were predicted.
    refused, errors, turned_away
        Those answered with a status of 400 to 499 (the caller's), of 500 and more (ours), those not taken.
    watched
        Seconds of all servers' minutes in which anything was asked.
    busy, cpu
        Seconds for which the endpoint's thread was at work, and seconds of processor that it used.
    latencies
        How many were answered within which time, by bucket of `stats.relative_histogram`; in seconds.
    """

    start: datetime
    span: int = 60
    requests: int = 0
    rows: int = 0
    refused: int = 0
    errors: int = 0
    turned_away: int = 0
    watched: int = 0
    busy: float = 0.0
    cpu: float = 0.0
    latencies: dict[int, int] = {}

    def add(self, other: TrafficCounts) -> None:
        """Add what was counted elsewhere."""
        for name in ADDED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        merged = dict(self.latencies)
        for index, n in other.latencies.items():
            merged[index] = merged.get(index, 0) + n
        self.latencies = merged

    def latency(self, share: float) -> float | None:
        """Return the time, in seconds, within which a share of all requests was answered."""
        return quantile(self.latencies, share) if self.latencies else None


ADDED = ("requests", "rows", "refused", "errors", "turned_away", "watched", "busy", "cpu")


class EndpointTraffic(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted of an endpoint in a span of time, and in equal parts of it, oldest first.

    `p50`, `p95` and `p99` are seconds within which so many of a hundred requests were answered; `occupied` is
    the share of the time in which its thread was at work, in the minutes in which anything was asked.
    """

    endpoint: str
    start: datetime
    end: datetime
    total: TrafficCounts
    parts: list[TrafficCounts]
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    occupied: float | None = None
