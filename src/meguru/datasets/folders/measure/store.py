"""SQL of measurements, on an open transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select, update

from meguru.base import refs
from meguru.datasets.folders.measure.schema import dataset_measurement
from meguru.datasets.folders.measure.types import FileMeasurement
from meguru.kernel.projects import condition

_mine = dataset_measurement.c
_PRESENT = _mine.removed_at.is_(None)


def of_version(tx: Connection, name: str, version: int) -> list[FileMeasurement]:
    """Return what was measured of a version, by who measured it."""
    query = select(dataset_measurement).where(_mine.name == name, _mine.version == version, _PRESENT)
    return [_from_row(row) for row in tx.execute(query.order_by(_mine.by))]


def newest(tx: Connection, name: str, by: str) -> FileMeasurement | None:
    """Return what was measured last of a dataset by somebody."""
    query = select(dataset_measurement).where(_mine.name == name, _mine.by == by, _PRESENT)
    row = tx.execute(query.order_by(_mine.version.desc()).limit(1)).first()
    return None if row is None else _from_row(row)


def save(tx: Connection, name: str, version: int, found: FileMeasurement) -> None:
    """Write a measurement, in the place of one by the same."""
    same = (_mine.name == name) & (_mine.version == version) & (_mine.by == found.by)
    # Delete and insert, one way for both databases; the caller is the only writer.
    tx.execute(delete(dataset_measurement).where(same))
    values = msgspec.structs.asdict(found) | {"name": name, "version": version}
    del values["ref"]
    tx.execute(insert(dataset_measurement).values(values))


def remove(tx: Connection, name: str, versions: Sequence[int], at: datetime) -> None:
    """Mark what was measured of versions that are read no more."""
    gone = update(dataset_measurement).where(_mine.name == name, _mine.version.in_(versions))
    tx.execute(gone.values(removed_at=at))


def removed(
    tx: Connection, projects: AbstractSet[str] | None = None, *, besides: Collection[str] = ()
) -> set[str]:
    """Return the blobs of what was measured of removed versions of some projects (None: of all).

    `besides` are datasets that are left out, as those under a legal hold.
    """
    query = select(_mine.digest).where(_mine.removed_at.is_not(None), condition(_mine.name, projects))
    return set(tx.execute(query.where(_mine.name.not_in(sorted(besides)))).scalars())


def forget_removed(tx: Connection, *, besides: Collection[str] = ()) -> None:
    """Forget what was measured of removed versions, but of some datasets; its bytes are freed."""
    stay = _mine.name.not_in(sorted(besides))
    tx.execute(delete(dataset_measurement).where(_mine.removed_at.is_not(None), stay))


def _from_row(row: Row[Any]) -> FileMeasurement:
    values = {name: value for name, value in row._mapping.items() if name != "removed_at"}
    ref = refs.make("dataset", values.pop("name"), values.pop("version"))
    return FileMeasurement(ref=ref, **values)
