"""A run's lease: until when its process counts as alive."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, or_, select, update

from meguru.errors import InvalidInput
from meguru.tracking.schema import run

SILENT = "its process went silent"
"""The error of a run that was ended because its lease ran out."""
DIED = "its process died"
"""The error of a run whose process is known to have died before it could end the run."""
MAX_LEASE = 86_400.0
FRESH = 0.75
"""While more than this share of a lease is left, logging does not write it anew: otherwise each
batch of a busy run would rewrite its row."""


def check_lease(lease: float | None) -> None:
    """Raise InvalidInput unless a run may have this lease."""
    if lease is not None and not 1 <= lease <= MAX_LEASE:
        raise InvalidInput(
            f"a lease can't be {lease} s",
            why=f"it is 1 to {MAX_LEASE:.0f} seconds",
            hint="leave it out if the client does not beat",
            field="lease",
        )


def end_of(lease: float | None, now: datetime) -> datetime | None:
    """Return when a lease that starts now runs out; None if there is none."""
    return None if lease is None else now + timedelta(seconds=lease)


def prolong(tx: Connection, row: Row[Any], now: datetime, *, unless_left: float = FRESH) -> None:
    """Start the lease of a held run anew, unless this share of it is left."""
    until = end_of(row.lease, now)
    if until is not None and (row.alive_until - now).total_seconds() < row.lease * unless_left:
        tx.execute(update(run).where(run.c.id == row.id).values(alive_until=until))


def state_of(row: Row[Any], now: datetime) -> str:
    """Return the state in which a run is shown."""
    late = row.alive_until is not None and row.alive_until < now
    return "interrupted" if row.state == "running" and late else str(row.state)


def shown_as(state: str, now: datetime) -> ColumnElement[bool]:
    """Return the condition of being shown in a state."""
    until = run.c.alive_until
    if state == "interrupted":
        return (run.c.state == "running") & (until < now)
    alive = or_(until.is_(None), until >= now)
    return (run.c.state == state) & alive if state == "running" else run.c.state == state


def silent(tx: Connection, now: datetime, *, limit: int) -> list[Row[Any]]:
    """Return runs whose lease ran out, longest silent first; held, but for those that another holds."""
    # Who holds a run just now is logging to it or ending it: it is looked at again at the next sweep.
    query = select(run).where(shown_as("interrupted", now)).order_by(run.c.alive_until, run.c.id)
    return list(tx.execute(query.limit(limit).with_for_update(skip_locked=True)))


def any_silent(tx: Connection, now: datetime) -> bool:
    """Tell whether the lease of any run ran out."""
    return tx.execute(select(run.c.id).where(shown_as("interrupted", now)).limit(1)).first() is not None
