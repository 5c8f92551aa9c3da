"""SQL of business metrics and their values, on an open transaction."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from meguru.business.schema import business_metric, business_value
from meguru.business.types import BusinessMetric, BusinessValue
from meguru.errors import NotFound
from meguru.kernel.projects import condition
from meguru.storage.db.upsert import insert_into

_M, _V = business_metric.c, business_value.c
_PRESENT = _M.retired_at.is_(None)
_COLUMNS = [_M[name] for name in BusinessMetric.__struct_fields__]


def find(tx: Connection, name: str) -> BusinessMetric | None:
    """Return a metric; None if there is none of this name."""
    row = tx.execute(select(*_COLUMNS).where(_M.name == name, _PRESENT)).first()
    return None if row is None else _read(row)


def find_many(tx: Connection, names: Sequence[str]) -> list[BusinessMetric]:
    """Return those of these names that are there."""
    return [_read(row) for row in tx.execute(select(*_COLUMNS).where(_M.name.in_(names), _PRESENT))]


def one(tx: Connection, name: str) -> BusinessMetric:
    """Return a metric; NotFound, with names that look like it, if there is none."""
    metric = find(tx, name)
    if metric is None:
        known = tx.execute(select(_M.name).where(_PRESENT)).scalars().all()
        raise NotFound.of("business metric", name, known)
    return metric


def page(
    tx: Connection, projects: AbstractSet[str] | None, endpoints: Sequence[str] = ()
) -> list[BusinessMetric]:
    """Return the metrics of some projects (None: of all), or those of some endpoints among them, by name."""
    query = select(*_COLUMNS).where(_PRESENT, condition(_M.name, projects))
    if endpoints:
        query = query.where(_M.endpoint.in_(endpoints))
    return [_read(row) for row in tx.execute(query.order_by(_M.name))]


def of_endpoint(tx: Connection, endpoint: str) -> list[BusinessMetric]:
    """Return the metrics of an endpoint, by name."""
    return page(tx, None, [endpoint])


def declare(tx: Connection, name: str, values: dict[str, Any], *, at: datetime, by: str) -> None:
    """Write a metric's spec: over the present one, over a retired one, or as a new metric's."""
    present = tx.execute(select(_M.retired_at).where(_M.name == name)).first()
    values = values | {"retired_at": None}
    if present is None:
        tx.execute(insert(business_metric).values(**values, name=name, created_at=at, created_by=by))
        return
    if present.retired_at is not None:
        values |= {"created_at": at, "created_by": by}
    tx.execute(update(business_metric).where(_M.name == name).values(**values))


def take_out(tx: Connection, name: str, at: datetime) -> None:
    """Mark a metric as retired."""
    tx.execute(update(business_metric).where(_M.name == name).values(retired_at=at))


def value_at(tx: Connection, metric: str, start: datetime, end: datetime) -> BusinessValue | None:
    """Return what a metric came to in a window; None when it was not measured."""
    body = tx.execute(select(_V.body).where(_here(metric, start, end))).scalar()
    return None if body is None else msgspec.convert(body, BusinessValue)


def put_value(tx: Connection, value: BusinessValue, at: datetime) -> None:
    """Write what a metric came to in a window, over what it came to before."""
    written = msgspec.structs.replace(value, at=at)
    values = {"digest": value.digest, "at": at, "body": msgspec.to_builtins(written)}
    key = {"metric": value.metric, "start": value.start, "end": value.end}
    # Two servers may measure the same window: the later writes over the earlier, and none fails.
    statement = insert_into(business_value, tx.dialect.name).values(**values, **key)
    tx.execute(statement.on_conflict_do_update(index_elements=[_V[name] for name in key], set_=values))


def values(tx: Connection, metric: str, limit: int) -> list[BusinessValue]:
    """Return what a metric came to, the newest windows first."""
    query = select(_V.body).where(_V.metric == metric).order_by(_V.start.desc(), _V.end.desc()).limit(limit)
    return [msgspec.convert(body, BusinessValue) for body in tx.execute(query).scalars()]


def newest_values(tx: Connection, metrics: Sequence[str]) -> dict[str, BusinessValue]:
    """Return what each of some metrics came to in its newest window, by name, in one statement."""
    newest_first = func.row_number().over(partition_by=_V.metric, order_by=(_V.start.desc(), _V.end.desc()))
    ranked = select(_V.metric, _V.body, newest_first.label("place")).where(_V.metric.in_(metrics)).subquery()
    rows = tx.execute(select(ranked.c.metric, ranked.c.body).where(ranked.c.place == 1))
    return {row.metric: msgspec.convert(row.body, BusinessValue) for row in rows}


def _here(metric: str, start: datetime, end: datetime) -> Any:
    return (_V.metric == metric) & (_V.start == start) & (_V.end == end)


def _read(row: Any) -> BusinessMetric:
    return BusinessMetric(**row._mapping)
