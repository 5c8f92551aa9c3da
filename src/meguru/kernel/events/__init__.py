"""The event log: what happened, who did it, why, and to what; append-only and hash-chained."""

from meguru.kernel.event import ChainVerdict, Event
from meguru.kernel.events.append import append, lock
from meguru.kernel.events.read import head, last_words, latest, one, read, types_between, wait, wait_for_bell
from meguru.kernel.events.verify import verify

__all__ = [
    "ChainVerdict",
    "Event",
    "append",
    "head",
    "last_words",
    "latest",
    "lock",
    "one",
    "read",
    "types_between",
    "verify",
    "wait",
    "wait_for_bell",
]
