"""SQL of what arrives; every function takes an open transaction."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, LargeBinary, Row, case, delete, func, insert, or_, select, update

from meguru.errors import NotFound
from meguru.kernel.projects import condition
from meguru.triggers.arrivals.schema import trigger_arrival, trigger_dead_letter, trigger_listener
from meguru.triggers.arrivals.types import MAX_KEPT_BODY, DeadLetter, ListenerState, RawArrival

KEY_RETENTION = timedelta(days=90)
"""A key that is older than this counts as new."""
MAX_LETTERS = 10_000
MAX_LETTERS_BYTES = 256 * 1024 * 1024
"""Of the dead letters of one trigger; the newest is kept whatever its size."""
SHOWN_BYTES = 2000
_DELETE_BATCH = 500
_here, _seen, _dead = trigger_listener.c, trigger_arrival.c, trigger_dead_letter.c


def take_lease(tx: Connection, trigger: str, holder: str, now: datetime, until: datetime) -> bool:
    """Take or keep the right to listen for a trigger; False while another server has it."""
    # One that runs out later than it could have been taken for is of a clock that was set back since.
    latest = until + (until - now)
    free = or_(
        _here.holder == holder, _here.holder == "", _here.lease_until < now, _here.lease_until > latest
    )
    mine = update(trigger_listener).where(_here.trigger == trigger, free)
    if tx.execute(mine.values(holder=holder, lease_until=until)).rowcount:
        return True
    if tx.execute(select(_here.trigger).where(_here.trigger == trigger)).first() is not None:
        return False
    _begin(tx, trigger, holder=holder, lease_until=until)
    return True


def _begin(tx: Connection, trigger: str, **values: Any) -> None:
    fresh: dict[str, Any] = {"holder": "", "position": {}, "last_error": "", "received": 0}
    tx.execute(insert(trigger_listener).values(trigger=trigger, **(fresh | values)))


def release(tx: Connection, trigger: str, holder: str) -> None:
    """Give the right to listen back."""
    mine = (_here.trigger == trigger) & (_here.holder == holder)
    tx.execute(update(trigger_listener).where(mine).values(holder="", lease_until=None, connected_since=None))


def update_listener(tx: Connection, trigger: str, holder: str, values: Mapping[str, Any]) -> bool:
    """Write how listening goes; False when it is another server's by now."""
    mine = (_here.trigger == trigger) & (_here.holder == holder)
    return tx.execute(update(trigger_listener).where(mine).values(**values)).rowcount == 1


def position(tx: Connection, trigger: str) -> dict[str, Any]:
    """Return how far a trigger's source was read; empty before the first look."""
    found = tx.execute(select(_here.position).where(_here.trigger == trigger)).scalar()
    return dict(found or {})


def forget_position(tx: Connection, trigger: str) -> None:
    """Begin anew: the trigger now listens to something else, or to nothing."""
    values: dict[str, Any] = {"position": {}, "last_error": "", "last_error_at": None}
    tx.execute(
        update(trigger_listener).where(_here.trigger == trigger).values(connected_since=None, **values)
    )


def is_known(tx: Connection, trigger: str, key: str, now: datetime, within: float | None) -> bool:
    """Tell whether something of this key arrived before (within so many seconds)."""
    span = KEY_RETENTION if within is None else timedelta(seconds=within)
    same = (_seen.trigger == trigger) & (_seen.key == key) & (_seen.at > now - span)
    return tx.execute(select(_seen.event).where(same)).first() is not None


def remember(tx: Connection, trigger: str, key: str, event: str, now: datetime) -> None:
    """Keep the key of what arrived; forget some that are too old."""
    same = (_seen.trigger == trigger) & (_seen.key == key)
    if tx.execute(update(trigger_arrival).where(same).values(at=now, event=event)).rowcount == 0:
        tx.execute(insert(trigger_arrival).values(trigger=trigger, key=key, at=now, event=event))
    # A few with each arrival: no job of its own, and no long transaction after a busy month.
    old = select(_seen.trigger, _seen.key).where(_seen.at < now - KEY_RETENTION).limit(_DELETE_BATCH)
    for row in tx.execute(old).all():
        tx.execute(delete(trigger_arrival).where(_seen.trigger == row.trigger, _seen.key == row.key))


def count_received(tx: Connection, trigger: str, now: datetime) -> None:
    """Count what became an event."""
    values = {"received": _here.received + 1, "received_at": now}
    if tx.execute(update(trigger_listener).where(_here.trigger == trigger).values(values)).rowcount == 0:
        _begin(tx, trigger, received=1, received_at=now)


def states(tx: Connection, projects: AbstractSet[str] | None = None, name: str = "") -> list[ListenerState]:
    """Return how listening goes for each trigger of some projects (or for one), by name."""
    dead = (
        select(func.count()).select_from(trigger_dead_letter).where(_dead.trigger == _here.trigger)
    ).scalar_subquery()
    columns = [_here[each] for each in ListenerState.__struct_fields__ if each != "dead"]
    query = select(*columns, dead.label("dead")).where(condition(_here.trigger, projects))
    if name:
        query = query.where(_here.trigger == name)
    return [ListenerState(**row._mapping) for row in tx.execute(query.order_by(_here.trigger))]


def add_dead_letter(tx: Connection, letter: DeadLetter, raw: RawArrival, kept: bytes) -> None:
    """Keep what could not be read, in place of the oldest where there are very many, or very long ones."""
    values = {key: value for key, value in msgspec.structs.asdict(letter).items() if key != "text"}
    tx.execute(insert(trigger_dead_letter).values(**values, headers=raw.headers, body=kept))
    if tx.execute(select(_here.trigger).where(_here.trigger == letter.trigger)).first() is None:
        _begin(tx, letter.trigger)
    newest_first = _dead.id.desc()
    # Of the sizes, so that no body is read.
    size = case((_dead.size < MAX_KEPT_BODY, _dead.size), else_=MAX_KEPT_BODY)
    place = func.row_number().over(order_by=newest_first).label("place")
    upto = func.sum(size).over(order_by=newest_first).label("upto")
    mine = select(_dead.id, place, upto).where(_dead.trigger == letter.trigger).subquery()
    over = or_(mine.c.place > MAX_LETTERS, (mine.c.place > 1) & (mine.c.upto > MAX_LETTERS_BYTES))
    old = tx.execute(select(mine.c.id).where(over).limit(_DELETE_BATCH)).scalars().all()
    if old:
        tx.execute(delete(trigger_dead_letter).where(_dead.id.in_(old)))


def has_dead_letter(tx: Connection, trigger: str, key: str) -> bool:
    """Tell whether a dead letter of this key is kept."""
    same = (_dead.trigger == trigger) & (_dead.key == key)
    return tx.execute(select(_dead.id).where(same)).first() is not None


def letters(tx: Connection, trigger: str, *, limit: int, before: str = "") -> list[DeadLetter]:
    """Return what could not be read, the newest first."""
    # Of a body only what is shown: a page of whole ones could be a gigabyte.
    fields = [_dead[name] for name in DeadLetter.__struct_fields__ if name != "text"]
    shown = func.substr(_dead.body, 1, SHOWN_BYTES, type_=LargeBinary).label("body")
    query = select(*fields, shown).where(_dead.trigger == trigger)
    if before:
        query = query.where(_dead.id < before)
    rows: list[Any] = list(tx.execute(query.order_by(_dead.id.desc()).limit(limit)))
    return [_letter(row) for row in rows]


def letter(tx: Connection, trigger: str, id: str) -> tuple[DeadLetter, RawArrival]:
    """Return a dead letter and its bytes; NotFound if the trigger has none of this id."""
    row = tx.execute(select(trigger_dead_letter).where(_dead.trigger == trigger, _dead.id == id)).first()
    if row is None:
        known = tx.execute(select(_dead.id).where(_dead.trigger == trigger).limit(50)).scalars().all()
        raise NotFound.of("dead letter", id, known)
    raw = RawArrival(key=row.key, source=row.source, body=bytes(row.body), headers=row.headers)
    return _letter(row), raw


def drop(tx: Connection, trigger: str, id: str) -> None:
    """Forget a dead letter."""
    tx.execute(delete(trigger_dead_letter).where(_dead.trigger == trigger, _dead.id == id))


def _letter(row: Row[Any]) -> DeadLetter:
    fields = {name: row._mapping[name] for name in DeadLetter.__struct_fields__ if name != "text"}
    return DeadLetter(**fields, text=bytes(row.body[:SHOWN_BYTES]).decode("utf-8", "backslashreplace"))
