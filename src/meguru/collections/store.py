"""SQL of collections, on an open transaction."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from meguru.collections.kind import CollectionSpec
from meguru.collections.schema import collected, collected_day, collection
from meguru.collections.types import CollectedState, Collection, DayFile
from meguru.kernel.projects import condition

_PRESENT = collection.c.retired_at.is_(None)
_COLUMNS = [collection.c[name] for name in Collection.__struct_fields__]
_DAY = [collected_day.c[name] for name in DayFile.__struct_fields__]


def find(tx: Connection, name: str) -> Collection | None:
    """Return a collection; None if there is none of this name."""
    row = tx.execute(select(*_COLUMNS).where(collection.c.name == name, _PRESENT)).first()
    return None if row is None else Collection(**row._mapping)


def page(tx: Connection, projects: AbstractSet[str] | None) -> list[Collection]:
    """Return the collections of some projects (None: of all), by name."""
    where = _PRESENT & condition(collection.c.name, projects)
    return [Collection(**row._mapping) for row in tx.execute(select(*_COLUMNS).where(where).order_by("name"))]


def declare(tx: Connection, name: str, spec: CollectionSpec, *, at: datetime, by: str) -> None:
    """Write a spec: over the present one, over a retired one, or as a new one's."""
    values = msgspec.structs.asdict(spec) | {"declared_at": at, "declared_by": by, "retired_at": None}
    if tx.execute(update(collection).where(collection.c.name == name).values(**values)).rowcount == 0:
        tx.execute(insert(collection).values(**values, name=name))


def take_out(tx: Connection, name: str, at: datetime) -> None:
    """Mark a collection as retired."""
    tx.execute(update(collection).where(collection.c.name == name).values(retired_at=at))


def state(tx: Connection, dataset: str, endpoint: str) -> CollectedState | None:
    """Return what of an endpoint is in a dataset; None if nothing ever was collected."""
    table = collected.c
    query = select(table.rule, table.number, table.version, table.at)
    row = tx.execute(query.where(table.dataset == dataset, table.endpoint == endpoint)).first()
    return None if row is None else CollectedState(**row._mapping)


def days(tx: Connection, dataset: str, endpoint: str) -> dict[str, DayFile]:
    """Return what was written of each day, in order."""
    table = collected_day.c
    query = select(*_DAY).where(table.dataset == dataset, table.endpoint == endpoint).order_by(table.day)
    return {row.day: DayFile(**row._mapping) for row in tx.execute(query)}


def save(
    tx: Connection, dataset: str, endpoint: str, now: CollectedState, changed: Iterable[DayFile]
) -> None:
    """Write down what was collected."""
    here = {"dataset": dataset, "endpoint": endpoint}
    table = collected.c
    tx.execute(delete(collected).where(table.dataset == dataset, table.endpoint == endpoint))
    tx.execute(insert(collected).values(**here, **msgspec.structs.asdict(now)))
    rows = [here | msgspec.structs.asdict(file) for file in changed]
    day = collected_day.c
    for row in rows:
        tx.execute(
            delete(collected_day).where(
                day.dataset == dataset, day.endpoint == endpoint, day.day == row["day"]
            )
        )
    if rows:
        tx.execute(insert(collected_day), rows)
