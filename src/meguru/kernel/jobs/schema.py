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
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("lane", String(150), nullable=False, server_default=""),
    UniqueConstraint("kind", "key"),
    Index(None, "state", "not_before"),
    Index(None, "state", "lease_until", "lane"),
)
Index(
    "ix_job_waiting", job.c.state, job.c.priority.desc(), job.c.not_before, job.c.id, job.c.lane, job.c.kind
)
"""The queue in the order in which it is claimed; all that a claim asks of a waiting job stands in it."""

Index("ix_job_lane", job.c.state, job.c.lane, job.c.priority.desc(), job.c.not_before, job.c.id, job.c.kind)
"""The same queue, lane by lane."""

lane_limit = Table(
    "lane_limit",
    metadata,
    Column("lane", String(150), primary_key=True),
    Column("max_running", Integer, nullable=False),
)
"""How many jobs of a lane may run at a time; a lane without a row has no limit."""
