"""How the service did in a window, as a report keeps it."""

from __future__ import annotations

import msgspec


class ServiceFigures(msgspec.Struct, frozen=True, kw_only=True):
    """How requests were answered in a window, as a report keeps it.

    `p50`, `p95` and `p99` are seconds within which so many of a hundred requests were answered, `cpu` seconds
    of processor; the rest is as in `ServiceWindow`.
    """

    requests: int
    rows: int
    errors: int
    turned_away: int
    cpu: float
    occupied: float | None = None
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
