"""SQL of replicas: what each server process answers with at each endpoint, and its heartbeat."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from meguru.serving.schema import replica
from meguru.serving.types import Replica

ALIVE_FOR = timedelta(seconds=15)
"""A server whose heartbeat is older is taken to be dead: three beats were missed."""
REMOVED_AFTER = timedelta(hours=1)
"""Rows of servers that were killed go when another server stops; until then they are only not shown."""


def enroll(tx: Connection, endpoint: str, server: str, at: datetime) -> None:
    """Write down that a server is about to take an endpoint up; what is known of it already stays."""
    known = select(replica.c.server).where(_here(endpoint, server))
    if tx.execute(known).first() is None:
        put(tx, Replica(endpoint=endpoint, server=server, seen_at=at))


def put(tx: Connection, new: Replica) -> None:
    """Write what a server does now, over what it did before."""
    values: dict[str, Any] = msgspec.structs.asdict(new)
    if tx.execute(update(replica).where(_here(new.endpoint, new.server)).values(values)).rowcount == 0:
        tx.execute(insert(replica).values(values))


def heartbeat(tx: Connection, server: str, at: datetime) -> int:
    """Write down that a server is alive; return at how many endpoints it is known to answer."""
    return tx.execute(update(replica).where(replica.c.server == server).values(seen_at=at)).rowcount


def remove(tx: Connection, endpoint: str, server: str) -> None:
    """Remove what a server did at one endpoint."""
    tx.execute(delete(replica).where(_here(endpoint, server)))


def remove_server(tx: Connection, server: str, at: datetime) -> None:
    """Remove a server that stops, and those that have been gone for long."""
    gone = (replica.c.server == server) | (replica.c.seen_at < at - REMOVED_AFTER)
    tx.execute(delete(replica).where(gone))


def alive(tx: Connection, endpoints: Sequence[str], at: datetime) -> list[Replica]:
    """Return what the servers that are up do at some endpoints, those that answer longest first."""
    fresh = replica.c.endpoint.in_(endpoints) & (replica.c.seen_at >= at - ALIVE_FOR)
    rows = tx.execute(select(replica).where(fresh).order_by(replica.c.since, replica.c.server))
    return [Replica(**row._asdict()) for row in rows]


def _here(endpoint: str, server: str) -> Any:
    return (replica.c.endpoint == endpoint) & (replica.c.server == server)
