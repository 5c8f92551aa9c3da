"""What the demo calls things in its workspace, and where its months begin and end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from meguru.demo.flights.data import YEAR

if TYPE_CHECKING:
    from meguru.kernel.remote import RemoteWorkspace

ENDPOINT = MODEL = "delay"
MONITOR = "delay-watch"
RETRAIN, CALENDAR = "retrain-on-drift", "retrain-monthly"
NEWEST = {"flights": "flights@latest", "known": "feature_service/delay"}
_MIDNIGHT = 5
"""Midnight of New York's winter in UTC; in summer it is one o'clock there, when hardly anything leaves."""


def window(month: int) -> tuple[datetime, datetime]:
    """Return where a month begins and where it ends."""
    start = datetime(YEAR, month, 1, _MIDNIGHT, tzinfo=UTC)
    following = (YEAR + 1, 1) if month == 12 else (YEAR, month + 1)
    return start, datetime(*following, 1, _MIDNIGHT, tzinfo=UTC)


def keyed(ws: RemoteWorkspace, *parts: str | int) -> RemoteWorkspace:
    """Return the workspace with an idempotency key: what was done under it is never done again."""
    return ws.with_(idempotency_key=key_of(*parts))


def key_of(*parts: str | int) -> str:
    """Return an idempotency key."""
    return "-".join(["demo", *map(str, parts)])
