"""How the service did in a window, as those who count its requests tell it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from meguru.kernel.kinds import provided
from meguru.monitoring.service_figures import ServiceFigures
from meguru.stats.relative_histogram import quantile

TRAFFIC = "traffic source"
"""The family of those who count requests: ``f(tx, endpoint, start, end)`` tells what was counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceWindow:
    """Requests that were answered in a window, by the clock of the servers.

    Attributes
    ----------
    requests, rows
        All requests, and the rows of those that were predicted.
    errors, turned_away
        Requests that failed by our fault, and those that were not taken as the endpoint was full.
    busy, cpu
        Seconds for which the endpoint's threads were at work, and seconds of processor that they used.
    occupied
        The share of the time in which they were at work, in the minutes in which anything was asked.
    latencies
        How many requests were answered within which time; see `stats.relative_histogram`.
    """

    requests: int
    rows: int = 0
    errors: int = 0
    turned_away: int = 0
    busy: float = 0.0
    cpu: float = 0.0
    occupied: float | None = None
    latencies: dict[int, int] = field(default_factory=dict)


def figures_of(seen: ServiceWindow) -> ServiceFigures:
    """Return the figures of what was counted."""
    at = [quantile(seen.latencies, share) if seen.latencies else None for share in (0.5, 0.95, 0.99)]
    return ServiceFigures(
        requests=seen.requests,
        rows=seen.rows,
        errors=seen.errors,
        turned_away=seen.turned_away,
        cpu=seen.cpu,
        occupied=seen.occupied,
        p50=at[0],
        p95=at[1],
        p99=at[2],
    )


def service_of(tx: Connection, endpoint: str, start: datetime, end: datetime) -> ServiceWindow | None:
    """Return what was counted of an endpoint's requests in a window; None when nothing was."""
    source: Callable[..., Any] = provided(TRAFFIC).load("endpoint")
    found = source(tx, endpoint, start, end)
    if not found.total.requests:
        return None
    known = msgspec.to_builtins(found.total, builtin_types=(datetime,)) | {"latencies": found.total.latencies}
    names = ("requests", "rows", "errors", "turned_away", "busy", "cpu", "latencies")
    return ServiceWindow(occupied=found.occupied, **{name: known[name] for name in names})
