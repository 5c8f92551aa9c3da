"""The event log: what happened, who did it, why, and to what; append-only and hash-chained."""

from meguru.kernel import event_log
from meguru.kernel.event import ChainVerdict, Event
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
from meguru.storage.db.raw import on_transaction

append = on_transaction(event_log.append)
lock = on_transaction(event_log.lock)

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
