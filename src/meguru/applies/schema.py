"""Tables of applies, and of what each file owns."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from meguru.storage.db import Json, UtcTime, metadata

apply = Table(
    "apply",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner", String(100), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("state", String(20), nullable=False),
    Column("actions", Json, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("started_by", String(200), nullable=False),
    Column("event", String(64), nullable=False),
    Column("ended_at", UtcTime),
    Column("reason", Text, nullable=False),
    Index(None, "owner", "id"),
)

owned_resource = Table(
    "owned_resource",
    metadata,
    Column("ref", String(200), primary_key=True),
    Column("owner", String(100), nullable=False),
    Column("number", Integer, nullable=False),
    Column("apply", String(64), nullable=False),
    Index(None, "owner"),
)
"""A thing has at most one owner: the file that applied it last."""
