"""Change what the log says, as somebody with the database's password would."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select, update

from meguru.kernel.event_log import START, chain_hash
from meguru.kernel.events import guards
from meguru.kernel.events.read import from_row
from meguru.kernel.events.schema import event, event_head


def drop_guards(tx: Connection) -> None:
    """Remove the triggers that refuse to change the log: whoever owns the database can."""
    for name, table in guards.present(tx):
        on = "" if tx.dialect.name == "sqlite" else f" ON {table}"
        tx.exec_driver_sql(f"DROP TRIGGER {name}{on}")


def seal_anew(tx: Connection) -> None:
    """Give the log, as it is by now, numbers without a gap, hashes that hold, and a head that agrees."""
    previous, number = START, 0
    for row in tx.execute(select(event).order_by(event.c.seq)).all():
        told, number = from_row(row), number + 1
        moved = type(told)(
            **{each: getattr(told, each) for each in told.__struct_fields__}
            | {"seq": number, "previous": previous}
        )
        previous = chain_hash(moved)
        values = {"seq": number, "previous": moved.previous, "hash": previous}
        tx.execute(update(event).where(event.c.id == told.id).values(values))
    tx.execute(update(event_head).values(seq=number, hash=previous))


def cut_off(tx: Connection, last: int) -> None:
    """Remove what came after an entry, and let the head say so."""
    tx.execute(delete(event).where(event.c.seq > last))
    seq, digest = tx.execute(select(event.c.seq, event.c.hash).order_by(event.c.seq.desc()).limit(1)).one()
    tx.execute(update(event_head).values(seq=seq, hash=digest))
