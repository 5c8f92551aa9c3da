"""The table of releases."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from meguru.storage.db import Json, UtcTime, metadata

release = Table(
    "release",
    metadata,
    Column("endpoint", String(100), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("state", String(20), nullable=False),
    Column("model", String(300), nullable=False),
    Column("content", Json, nullable=False),
    Column("content_digest", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("results", Json, nullable=False),
    Column("champion", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("created_event", String(64), nullable=False),
    Column("checked_at", UtcTime),
    Column("checked_event", String(64)),
    Column("live_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("note", Text, nullable=False),
    Column("identity", String(64), nullable=False, server_default=""),
    Column("origin", Json),
    Column("acknowledged_at", UtcTime),
    Column("acknowledged_by", String(200), nullable=False, server_default=""),
    Index(None, "endpoint", "state"),
    Index(None, "model"),
)
