"""SQL of metric series: every point is kept, and one summary a series beside them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, RowMapping, delete, func, insert, select, tuple_

from meguru.tracking.schema import run_metric, run_metric_latest
from meguru.tracking.types import MetricPoint, MetricSummary


def add(tx: Connection, run: str, points: Sequence[MetricPoint], now: datetime) -> None:
    """Append points, in order, and bring the summaries up to date; points without a time get `now`."""
    if not points:
        return
    rows = [
        {"run": run, "key": point.key, "step": point.step, "value": point.value, "at": point.at or now}
        for point in points
    ]
    tx.execute(insert(run_metric), rows)
    table = run_metric_latest
    mine = (table.c.run == run) & table.c.key.in_({point.key for point in points})
    known = {row.key: _summary(row._mapping) for row in tx.execute(select(table).where(mine))}
    for point in points:
        known[point.key] = _include(known.get(point.key), point, now)
    tx.execute(delete(table).where(mine))
    tx.execute(insert(table), [{"run": run, "key": key, **_fields(each)} for key, each in known.items()])


def rewind(tx: Connection, run: str, key: str, step: int) -> None:
    """Forget the points of a series from a step on: they are about to be made again."""
    table = run_metric.c
    mine = (table.run == run) & (table.key == key)
    gone = tx.execute(delete(run_metric).where(mine, table.step >= step))
    if not gone.rowcount:
        return
    tx.execute(
        delete(run_metric_latest).where(run_metric_latest.c.run == run, run_metric_latest.c.key == key)
    )
    ranged = select(func.count(), func.min(table.value), func.max(table.value)).where(mine)
    count, minimum, maximum = tx.execute(ranged).one()
    newest = select(run_metric).where(mine).order_by(table.step.desc(), table.id.desc()).limit(1)
    row = tx.execute(newest).first()
    if row is not None:
        last = {"run": run, "key": key, "value": row.value, "step": row.step, "at": row.at}
        tx.execute(insert(run_metric_latest).values(**last, count=count, minimum=minimum, maximum=maximum))


def series(
    tx: Connection, run: str, key: str, *, after: tuple[int, int] | None, limit: int
) -> list[tuple[int, MetricPoint]]:
    """Return points by step, then in the order they came, each with its row number."""
    table = run_metric.c
    query = select(run_metric).where(table.run == run, table.key == key)
    if after is not None:
        query = query.where(tuple_(table.step, table.id) > after)
    rows = tx.execute(query.order_by(table.step, table.id).limit(limit))
    return [(row.id, MetricPoint(key=row.key, value=row.value, step=row.step, at=row.at)) for row in rows]


def summaries(tx: Connection, runs: Sequence[str]) -> dict[str, dict[str, MetricSummary]]:
    """Return the summary of every series of some runs, by run and key."""
    table = run_metric_latest
    found: dict[str, dict[str, MetricSummary]] = {}
    for row in tx.execute(select(table).where(table.c.run.in_(runs)).order_by(table.c.key)):
        found.setdefault(row.run, {})[row.key] = _summary(row._mapping)
    return found


def _include(known: MetricSummary | None, point: MetricPoint, now: datetime) -> MetricSummary:
    newest = known is None or point.step >= known.step
    seen = [] if known is None else [known.minimum, known.maximum]
    values = _numbers([*seen, point.value])
    if newest or known is None:
        value, step, at = point.value, point.step, point.at or now
    else:
        value, step, at = known.value, known.step, known.at
    return MetricSummary(
        value=value,
        step=step,
        at=at,
        count=1 + (known.count if known else 0),
        minimum=min(values, default=None),
        maximum=max(values, default=None),
    )


def _numbers(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _summary(row: RowMapping) -> MetricSummary:
    return MetricSummary(**{name: row[name] for name in MetricSummary.__struct_fields__})


def _fields(summary: MetricSummary) -> dict[str, object]:
    return msgspec.structs.asdict(summary)
