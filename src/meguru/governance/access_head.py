"""The version of all rights: another one after each change, so that no server goes by what is over."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from meguru.base.ids import new_id
from meguru.governance.schema import access_head


def version(tx: Connection) -> str:
    """Return the present version; empty where nothing was ever changed."""
    return tx.execute(select(access_head.c.version)).scalar() or ""


def renew(tx: Connection) -> None:
    """Make what servers know of rights stale, as of this transaction's commit.

    A version is random, not counted: a database that was brought back from a copy never repeats one.
    """
    values = {"version": new_id("acc")}
    # On PostgreSQL the log's head is locked by then (`Operation.alone`): no two make the first row.
    if tx.execute(update(access_head).values(**values)).rowcount == 0:
        tx.execute(insert(access_head).values(id=1, **values))
