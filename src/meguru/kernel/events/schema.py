"""Tables of the event log and of the lineage edges that are written with it."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, false, text

from meguru.kernel.events.guards import guard
from meguru.storage.db import Json, UtcTime, metadata

HAS_CAUSE = "cause IS NOT NULL"

event = Table(
    "event",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("id", String(64), nullable=False, unique=True),
    Column("type", String(100), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("operation", String(100), nullable=False),
    Column("subject", String(300), nullable=False),
    Column("project", String(100), nullable=False, server_default=""),
    Column("cause", String(64)),
    Column("data", Json, nullable=False),
    Column("used", Json, nullable=False),
    Column("produced", Json, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index(None, "type", "seq"),
    Index(None, "subject", "seq"),
    # Most events have none, and each would write a page of the index.
    Index(None, "cause", sqlite_where=text(HAS_CAUSE), postgresql_where=text(HAS_CAUSE)),
    Index(None, "project", "seq"),
)

event_head = Table(
    "event_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)
"""One row: the last event. Locking it orders the writers; losing the log's tail shows against it."""

edge = Table(
    "edge",
    metadata,
    Column("source", String(300), primary_key=True),
    Column("target", String(300), primary_key=True),
    Column("event_seq", BigInteger, nullable=False),
    Column("claimed", Boolean, nullable=False, server_default=false()),
    Index(None, "target"),
)
"""Lineage: `source` was used to make `target`. It was *claimed* when nothing but a client's word says so: no
operation that made the one from the other wrote it."""

for _table in (event, event_head, edge):
    guard(_table)
