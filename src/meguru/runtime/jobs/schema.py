"""The table of jobs."""

from sqlalchemy import Column, Index, Integer, String, Table, Text, UniqueConstraint

from meguru.storage.db import Json, UtcTime, metadata

job = Table(
    "job",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(50), nullable=False),
    Column("key", String(300), nullable=False),
    Column("payload", Json, nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("max_attempts", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("not_before", UtcTime, nullable=False),
    Column("cause", String(64)),
    Column("lease_owner", String(100)),
    Column("lease_until", UtcTime),
    Column("finished_at", UtcTime),
    Column("error", Text),
    UniqueConstraint("kind", "key"),
    Index(None, "state", "not_before"),
)
