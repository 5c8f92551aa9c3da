"""How long after what was predicted its outcome became known, counted as it is recorded.

Counts by day of event time and by length: any span of days is a sum. Only the first outcome of a prediction
counts, and only the delay that its sender said (`at`); how long it took to send is no part of it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, func, select

from meguru.predictions.schema import outcome_delay, prediction_batch
from meguru.predictions.store import chunks
from meguru.predictions.types import LabelDelay
from meguru.storage.db.upsert import insert_into

BUCKETS_PER_DOUBLING = 8
"""Buckets a doubling of the delay (a logarithmic histogram): a length is known to about 9 %."""
_MAX_PARAMETERS, _DAY = 900, 10
_T = outcome_delay.c


def add(tx: Connection, endpoint: str, told: Iterable[Mapping[str, Any]]) -> None:
    """Count the delays of outcomes, each the first of its prediction, in the transaction that writes them."""
    by_batch: dict[str, list[Mapping[str, Any]]] = {}
    for row in told:
        by_batch.setdefault(row["batch_id"], []).append(row)
    counted = Counter[tuple[str, int]]()
    table = prediction_batch.c
    for some in chunks(by_batch, _MAX_PARAMETERS):
        query = select(table.id, table.first_time, table.last_time, table.n).where(table.id.in_(some))
        for batch in tx.execute(query):
            counted.update(_delays(batch, by_batch[batch.id]))
    if counted:
        rows = [
            {"endpoint": endpoint, "day": day, "bucket": bucket, "count": counted[day, bucket]}
            # Sorted: two transactions that lock the same rows in other orders deadlock.
            for day, bucket in sorted(counted)
        ]
        tx.execute(_upsert(tx.dialect.name), rows)


def label_delay(
    tx: Connection, endpoint: str, start: datetime | None = None, end: datetime | None = None
) -> LabelDelay | None:
    """Return how long the outcomes of the days that a span touches took, or of all days; None without any."""
    query = select(_T.bucket, func.sum(_T.count)).where(_T.endpoint == endpoint)
    if start is not None:
        query = query.where(_T.day >= _day(start))
    if end is not None:
        query = query.where(_T.day <= _day(end - timedelta(microseconds=1)))
    found = [(int(bucket), int(count)) for bucket, count in tx.execute(query.group_by(_T.bucket))]
    lengths = [(_length(bucket), count) for bucket, count in sorted(found)]
    total = sum(count for _, count in lengths)
    if not total:
        return None
    return LabelDelay(
        outcomes=total,
        median=_quantile(lengths, total / 2),
        most=_quantile(lengths, total * 0.9),
        lengths=lengths,
    )


def _delays(batch: Any, told: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, int]]:
    """Give day and length of each; in plain numbers, as there are many."""
    # A request's rows are taken as spread evenly over its span of time, in their order.
    first, last = batch.first_time.timestamp(), batch.last_time.timestamp()
    step = (last - first) / (batch.n - 1) if batch.n > 1 else 0.0
    day = _day(batch.first_time)
    is_one_day = day == _day(batch.last_time)
    for row in told:
        happened = first + step * row["row"]
        seconds = max(0.0, row["at"].timestamp() - happened)
        its_day = day if is_one_day else _day(datetime.fromtimestamp(happened, UTC))
        yield its_day, math.floor(BUCKETS_PER_DOUBLING * math.log2(1 + seconds))


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()[:_DAY]


def _length(bucket: int) -> float:
    return 2.0 ** ((bucket + 0.5) / BUCKETS_PER_DOUBLING) - 1 if bucket else 0.0


def _quantile(lengths: list[tuple[float, int]], wanted: float) -> float:
    so_far = 0
    for seconds, count in lengths:
        so_far += count
        if so_far >= wanted:
            return seconds
    return lengths[-1][0]


@cache
def _upsert(dialect: str) -> Executable:
    statement = insert_into(outcome_delay, dialect)
    return statement.on_conflict_do_update(
        index_elements=[_T.endpoint, _T.day, _T.bucket],
        set_={"count": _T.count + statement.excluded.count},
    )
