"""SQL of request counts by minute, and of their roll-up into hours, on an open transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from meguru.serving.traffic.log import MINUTE
from meguru.serving.traffic.schema import endpoint_traffic
from meguru.serving.traffic.types import TrafficCounts

HOUR = 3600
_T = endpoint_traffic.c
_COUNTED = [_T[name] for name in TrafficCounts.__struct_fields__]
NOBODY = ""
"""The server of an hour: of all together."""


def put(tx: Connection, endpoint: str, server: str, minutes: Sequence[TrafficCounts]) -> None:
    """Write what a server counted of some minutes, over what it wrote of them before."""
    for counts in minutes:
        values = msgspec.structs.asdict(counts)
        values["latencies"] = {str(index): n for index, n in counts.latencies.items()}
        here = (_T.endpoint == endpoint) & (_T.start == counts.start) & (_T.span == counts.span)
        if (
            tx.execute(update(endpoint_traffic).where(here & (_T.server == server)).values(values)).rowcount
            == 0
        ):
            tx.execute(insert(endpoint_traffic).values(**values, endpoint=endpoint, server=server))


def between(tx: Connection, endpoint: str, start: datetime, end: datetime) -> list[TrafficCounts]:
    """Return what was counted from `start` on, before `end`, oldest first: a row a minute and server."""
    here = (_T.endpoint == endpoint) & (_T.start >= start) & (_T.start < end)
    return list(_read(tx.execute(select(*_COUNTED).where(here).order_by(_T.start))))


def fold(tx: Connection, before: datetime) -> int:
    """Make hours of the minutes before a whole hour; return how many rows became fewer.

    Who takes a row away adds it up: of two servers that fold at a time each row is taken by one.
    """
    old = (_T.span == MINUTE) & (_T.start < before)
    first = tx.execute(select(_T.start).where(old).order_by(_T.start).limit(1)).scalar()
    if first is None:
        return 0
    hour = first.replace(minute=0, second=0, microsecond=0)
    inside = (_T.start >= hour) & (_T.start < hour + timedelta(seconds=HOUR)) & (_T.start < before)
    # DELETE … RETURNING: who gets a row back owns it, whatever other servers do at the same time.
    taken = tx.execute(delete(endpoint_traffic).where(inside).returning(_T.endpoint, *_COUNTED)).all()
    found: dict[str, TrafficCounts] = {}
    for name, *values in taken:
        traffic_counts = found.setdefault(name, TrafficCounts(start=hour, span=HOUR, latencies={}))
        traffic_counts.add(_counts(values))
    for name, counts in sorted(found.items()):
        put(tx, name, NOBODY, [counts])
    return len(taken) - len(found)


def _read(rows: Any) -> Iterator[TrafficCounts]:
    for row in rows:
        yield _counts(row)


def _counts(row: Sequence[Any]) -> TrafficCounts:
    fields = dict(zip(TrafficCounts.__struct_fields__, row, strict=True))
    fields["latencies"] = {int(index): n for index, n in fields["latencies"].items()}
    return TrafficCounts(**fields)
