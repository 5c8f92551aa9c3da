"""Tables of backfills and of their partitions."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from meguru.storage.db import Json, UtcTime, metadata

backfill = Table(
    "backfill",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("pipeline", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    Column("param", String(200), nullable=False),
    Column("params", Json, nullable=False),
    Column("parallel", Integer, nullable=False),
    Column("direction", String(10), nullable=False),
    Column("on_failure", String(10), nullable=False),
    Column("priority", Integer),
    Column("state", String(20), nullable=False),
    Column("event", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("begun_at", UtcTime),
    Column("finished_at", UtcTime),
    Column("reason", Text, nullable=False),
    Index(None, "state"),
    Index(None, "pipeline", "id"),
)

backfill_partition = Table(
    "backfill_partition",
    metadata,
    Column("backfill", String(64), ForeignKey("backfill.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("key", String(200), nullable=False),
    Column("state", String(20), nullable=False),
    Column("run", String(64)),
    Column("tries", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("ran", Integer, nullable=False),
    Column("cached", Integer, nullable=False),
    Column("started_at", UtcTime),
    Column("finished_at", UtcTime),
    UniqueConstraint("backfill", "key"),
    Index(None, "backfill", "state", "position"),
)
