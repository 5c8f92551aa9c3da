"""Usage of contracts, counted in memory: nothing is written while a request is answered."""

from __future__ import annotations

import threading
from datetime import datetime

from meguru.serving.contracts.consumers import MAX_PRINCIPALS, OTHERS
from meguru.serving.contracts.types import Consumer


class _Count:
    __slots__ = ("first", "last", "requests", "rows")

    def __init__(self, at: datetime) -> None:
        self.requests, self.rows, self.first, self.last = 0, 0, at, at

    def add(self, requests: int, rows: int, first: datetime, last: datetime) -> None:
        self.requests += requests
        self.rows += rows
        self.first, self.last = min(self.first, first), max(self.last, last)


class ConsumerCounts:
    """The requests of one endpoint by contract and principal, since they were last taken."""

    def __init__(self) -> None:
        self._seen: dict[tuple[int, str], _Count] = {}
        self._lock = threading.Lock()

    def add_request(self, contract: int, principal: str, rows: int, at: datetime) -> None:
        """Count one request that was answered; one without a contract or a principal has nobody to count."""
        if contract and principal:
            with self._lock:
                self._of(contract, principal, at).add(1, rows, at, at)

    def drain(self) -> list[Consumer]:
        """Return what was counted, and begin again."""
        with self._lock:
            seen, self._seen = self._seen, {}
        return [
            Consumer(
                contract=contract,
                principal=principal,
                requests=count.requests,
                rows=count.rows,
                first_seen=count.first,
                last_seen=count.last,
            )
            for (contract, principal), count in seen.items()
        ]

    def put_back(self, seen: list[Consumer]) -> None:
        """Count again what could not be written."""
        with self._lock:
            for consumer in seen:
                count = self._of(consumer.contract, consumer.principal, consumer.first_seen)
                count.add(consumer.requests, consumer.rows, consumer.first_seen, consumer.last_seen)

    def _of(self, contract: int, principal: str, at: datetime) -> _Count:
        count = self._seen.get((contract, principal))
        if count is None:
            # Bounded: whoever may ask could else fill memory and the table with names.
            crowd = len(self._seen) >= MAX_PRINCIPALS
            count = self._seen.setdefault((contract, OTHERS if crowd else principal), _Count(at))
        return count
