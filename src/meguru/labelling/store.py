"""SQL of samples to label, on an open transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, exists, func, insert, or_, select, tuple_, update

from meguru.base import refs
from meguru.errors import NotFound
from meguru.labelling.schema import label_turn, labelling
from meguru.labelling.types import GivenLabel, ItemState, Labelling
from meguru.predictions.outcome_store import RowId
from meguru.predictions.schema import prediction_batch
from meguru.predictions.store import chunks
from meguru.storage.struct_rows import struct_of

_L, _T = labelling.c, label_turn.c
_MAX_PAIRS = 400
_COLUMNS = [column.name for column in _L]
# Retention may have removed a prediction since it was drawn; its turn would be the next one for ever.
_IS_KEPT = exists().where(prediction_batch.c.id == _T.batch_id)


def add(tx: Connection, made: Labelling, turns: Sequence[dict[str, Any]]) -> None:
    """Write a sample with its turns."""
    values = msgspec.structs.asdict(made)
    tx.execute(insert(labelling).values({name: values[name] for name in _COLUMNS}))
    tx.execute(insert(label_turn), list(turns))


def get(tx: Connection, id: str) -> Labelling:
    """Return a sample, with how far it is; NotFound if there is none of this id."""
    row = tx.execute(select(labelling).where(_L.id == id)).first()
    if row is None:
        raise NotFound.of("labelling", id[:80])
    return _counted(tx, [row])[0]


def page(tx: Connection, endpoint: str) -> list[Labelling]:
    """Return the samples of an endpoint, newest first."""
    rows = tx.execute(select(labelling).where(_L.endpoint == endpoint).order_by(_L.id.desc()).limit(100))
    return _counted(tx, rows.all())


def sampled_among(tx: Connection, places: Iterable[RowId]) -> set[RowId]:
    """Return which of some predictions are in a sample already."""
    found: set[RowId] = set()
    for some in chunks(places, _MAX_PAIRS):
        query = select(_T.batch_id, _T.row).where(tuple_(_T.batch_id, _T.row).in_(some)).distinct()
        found |= {(row.batch_id, row.row) for row in tx.execute(query)}
    return found


def next_turn(tx: Connection, endpoint: str, who: str) -> Row[Any] | None:
    """Return the first open turn that somebody may take: no prediction twice."""
    query = _open_to(endpoint, who).order_by(_L.id, _T.place, _T.slot)
    return tx.execute(query.limit(1)).first()


def progress_of(tx: Connection, endpoint: str, who: str) -> tuple[int, int]:
    """Return how many predictions somebody may still label, and how many they did."""
    todo = _open_to(endpoint, who).subquery()
    places = select(todo.c.labelling, todo.c.place).distinct().subquery()
    open_ = tx.execute(select(func.count()).select_from(places)).scalar_one()
    mine = select(func.count()).select_from(label_turn.join(labelling, _L.id == _T.labelling))
    done = tx.execute(mine.where(_L.endpoint == endpoint, _T.by == who)).scalar_one()
    return open_, done


def turns(tx: Connection, id: str, place: int) -> list[Row[Any]]:
    """Return all turns at one place of a sample."""
    query = select(label_turn).where(_T.labelling == id, _T.place == place).order_by(_T.slot)
    return list(tx.execute(query))


def turns_of(tx: Connection, place: RowId) -> list[Row[Any]]:
    """Return all turns at one prediction, of all samples."""
    return list(tx.execute(select(label_turn).where(_T.batch_id == place[0], _T.row == place[1])))


def set_label(
    tx: Connection, turn: Row[Any], *, state: ItemState, label: str | None, by: str, at: datetime
) -> None:
    """Write down what somebody said at their turn."""
    here = (_T.labelling == turn.labelling) & (_T.place == turn.place) & (_T.slot == turn.slot)
    tx.execute(update(label_turn).where(here).values(state=state.value, label=label, by=by, at=at))


def mark(tx: Connection, id: str, place: int, *, disputed: bool, decided_by: str = "") -> None:
    """Say of one place whether people differ, and who decided."""
    here = (_T.labelling == id) & (_T.place == place)
    tx.execute(update(label_turn).where(here).values(disputed=disputed, decided_by=decided_by))


def disputed(tx: Connection, endpoint: str, limit: int) -> list[Row[Any]]:
    """Return the places on which people differ, with the place's prediction."""
    query = (
        select(_T.labelling, _T.place, _T.batch_id, _T.row)
        .join(labelling, _L.id == _T.labelling)
        .where(_L.endpoint == endpoint, _T.disputed, _IS_KEPT)
        .distinct()
        .order_by(_T.labelling, _T.place)
    )
    return list(tx.execute(query.limit(limit)))


def labels_of(rows: Iterable[Row[Any]]) -> list[GivenLabel]:
    """Return what was said at some turns."""
    return [
        GivenLabel(by=row.by, value=msgspec.json.decode(row.label), at=row.at)
        for row in rows
        if row.label is not None
    ]


def project_of(tx: Connection, id: str) -> str | None:
    """Return the project of a sample, its endpoint's; None if there is none of this id."""
    endpoint = tx.execute(select(_L.endpoint).where(_L.id == id)).scalar()
    return None if endpoint is None else refs.project_of(endpoint)


def _open_to(endpoint: str, who: str) -> Any:
    # Nobody labels a prediction twice: the point of several turns is that they are independent.
    mine = label_turn.alias("mine")
    taken = exists().where(mine.c.labelling == _T.labelling, mine.c.place == _T.place, mine.c.by == who)
    return (
        select(label_turn)
        .join(labelling, _L.id == _T.labelling)
        .where(
            _L.endpoint == endpoint,
            and_(_T.state == ItemState.OPEN.value, or_(_T.labeller == who, _T.labeller == "")),
            ~taken,
            _IS_KEPT,
        )
    )


def _counted(tx: Connection, rows: Sequence[Row[Any]]) -> list[Labelling]:
    ids_ = [row.id for row in rows]
    states = select(_T.labelling, _T.state, func.count().label("n")).where(_T.labelling.in_(ids_))
    counts: dict[str, dict[str, int]] = {id: {} for id in ids_}
    for row in tx.execute(states.group_by(_T.labelling, _T.state)):
        counts[row.labelling][row.state] = row.n
    for name, condition in (("disputed", _T.disputed), ("decided", _T.decided_by != "")):
        places = select(_T.labelling, _T.place).where(_T.labelling.in_(ids_), condition).distinct().subquery()
        query = select(places.c.labelling, func.count().label("n")).group_by(places.c.labelling)
        for row in tx.execute(query):
            counts[row.labelling][name] = row.n
    return [struct_of(Labelling, {**row._mapping, **counts[row.id]}) for row in rows]
