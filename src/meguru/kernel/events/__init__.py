"""The event log: what happened, who did it, why, and to what; append-only and hash-chained."""

from meguru.kernel.event import ChainVerdict, Event
from meguru.kernel.events.append import append, lock
from meguru.kernel.events.read import (
    get,
    head,
    latest,
    latest_by_subject,
    read,
    types_between,
    wait,
    wait_for_notification,
)
from meguru.kernel.events.verify import verify

__all__ = [
    "ChainVerdict",
    "Event",
    "append",
    "get",
    "head",
    "latest",
    "latest_by_subject",
    "lock",
    "read",
    "types_between",
    "verify",
    "wait",
    "wait_for_notification",
]
