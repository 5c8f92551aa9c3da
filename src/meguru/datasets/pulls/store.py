"""SQL of the reads of sources, on an open transaction."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from meguru.datasets.position import SourcePosition
from meguru.datasets.pulls.schema import dataset_pull, dataset_source
from meguru.datasets.pulls.types import DatasetPull, PullState, SourceTurn
from meguru.errors import NotFound
from meguru.kernel.projects import condition

MAX_PULLS = 1000
"""So many pulls of a dataset are kept; what older ones did is in the log."""
_P, _S = dataset_pull.c, dataset_source.c


def lock(tx: Connection, name: str) -> SourceTurn:
    """Hold the row of a dataset's source until the transaction ends, making it if need be."""
    query = select(dataset_source).where(_S.name == name).with_for_update()
    # A row that is not there can not be locked. The savepoint keeps the transaction of who inserts second:
    # PostgreSQL ends one in which a statement was refused.
    row = tx.execute(query).first()
    if row is None:
        try:
            with tx.begin_nested():
                tx.execute(insert(dataset_source).values(name=name, failures=0, pull="", version_digest=""))
        except IntegrityError:  # another server made it just now; wait for it
            pass
        row = tx.execute(query).one()
    return _turn(row)


def find(tx: Connection, name: str) -> SourceTurn | None:
    """Return where a dataset's source stands; None if it has none, or was never looked at."""
    row = tx.execute(select(dataset_source).where(_S.name == name)).first()
    return None if row is None else _turn(row)


def turns(tx: Connection, projects: AbstractSet[str] | None) -> list[SourceTurn]:
    """Return where the sources of some projects (None: all) stand, by name."""
    query = select(dataset_source).where(condition(_S.name, projects)).order_by(_S.name)
    return [_turn(row) for row in tx.execute(query)]


def set_turn(tx: Connection, name: str, **values: Any) -> None:
    """Change where a source stands."""
    if "position" in values:
        values["position"] = msgspec.to_builtins(values["position"])
    tx.execute(update(dataset_source).where(_S.name == name).values(values))


def forget(tx: Connection, name: str) -> None:
    """Take the row of a source away; its pulls stay."""
    tx.execute(delete(dataset_source).where(_S.name == name))


def due(tx: Connection, now: datetime, limit: int = 100) -> list[str]:
    """Return the datasets whose source is to be read by now, and is not being read."""
    query = select(_S.name).where(_S.next_at <= now, _S.pull == "").order_by(_S.next_at).limit(limit)
    return list(tx.execute(query).scalars())


def next_due(tx: Connection) -> datetime | None:
    """Return when the next source is to be read."""
    query = select(_S.next_at).where(_S.next_at.is_not(None), _S.pull == "").order_by(_S.next_at).limit(1)
    found: datetime | None = tx.execute(query).scalar()
    return found


def add(tx: Connection, pull: DatasetPull) -> None:
    """Write a pull, and forget the oldest of its dataset beyond those that are kept."""
    tx.execute(insert(dataset_pull).values(msgspec.structs.asdict(pull)))
    query = select(_P.id).where(_P.dataset == pull.dataset).order_by(_P.id.desc())
    # Ids sort by time.
    oldest = tx.execute(query.offset(MAX_PULLS).limit(1)).scalar()
    if oldest is not None:
        tx.execute(delete(dataset_pull).where(_P.dataset == pull.dataset, _P.id <= oldest))


def get(tx: Connection, id: str) -> DatasetPull:
    """Return a pull; NotFound if there is none of this id."""
    row = tx.execute(select(dataset_pull).where(_P.id == id)).first()
    if row is None:
        raise NotFound.of("pull", id[:80])
    return _pull(row)


def finish(tx: Connection, pull: DatasetPull) -> None:
    """Write how a pull ended."""
    tx.execute(update(dataset_pull).where(_P.id == pull.id).values(msgspec.structs.asdict(pull)))


def page(tx: Connection, name: str, limit: int) -> list[DatasetPull]:
    """Return the newest pulls of a dataset, newest first."""
    query = select(dataset_pull).where(_P.dataset == name).order_by(_P.id.desc()).limit(limit)
    return [_pull(row) for row in tx.execute(query)]


def newest(tx: Connection, names: Iterable[str]) -> dict[str, DatasetPull]:
    """Return the newest pull of each of some datasets that has one."""
    last = select(func.max(_P.id)).where(_P.dataset.in_(list(names))).group_by(_P.dataset)  # ids sort by time
    return {row.dataset: _pull(row) for row in tx.execute(select(dataset_pull).where(_P.id.in_(last)))}


def _turn(row: Row[Any]) -> SourceTurn:
    fields = dict(row._mapping)
    if fields["position"] is not None:
        fields["position"] = msgspec.convert(fields["position"], SourcePosition)
    return SourceTurn(**fields)


def _pull(row: Row[Any]) -> DatasetPull:
    return DatasetPull(**(dict(row._mapping) | {"state": PullState(row.state)}))
