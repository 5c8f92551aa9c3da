"""Tables of what arrived: how listening goes, the keys that were seen, and what could not be read."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
)

from meguru.storage.db import Json, UtcTime, metadata
from meguru.triggers.arrivals.types import MAX_KEY

trigger_listener = Table(
    "trigger_listener",
    metadata,
    Column("trigger", String(100), ForeignKey("trigger.name"), primary_key=True),
    Column("holder", String(200), nullable=False),
    Column("lease_until", UtcTime),
    Column("position", Json, nullable=False),
    Column("connected_since", UtcTime),
    Column("last_error", Text, nullable=False),
    Column("last_error_at", UtcTime),
    Column("received", BigInteger, nullable=False),
    Column("received_at", UtcTime),
)
"""`position` is how far a source has been read, where we have to remember it."""

trigger_arrival = Table(
    "trigger_arrival",
    metadata,
    Column("trigger", String(100), ForeignKey("trigger.name"), primary_key=True),
    Column("key", String(MAX_KEY), primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("event", String(64), nullable=False),
    Index(None, "at"),
)
"""The keys of the last months: what comes again under one of them is known."""

trigger_dead_letter = Table(
    "trigger_dead_letter",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("trigger", String(100), ForeignKey("trigger.name"), nullable=False),
    Column("key", String(MAX_KEY), nullable=False),
    Column("source", String(500), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("reason", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("is_whole", Boolean, nullable=False),
    Column("headers", Json, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index(None, "trigger", "key"),
)
