"""The table of what is in quarantine."""

from sqlalchemy import BigInteger, Boolean, Column, Index, String, Table, Text

from meguru.storage.db import Json, UtcTime, metadata

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("project", String(100), nullable=False),
    Column("model", String(256), nullable=False),
    Column("state", String(20), nullable=False),
    Column("file", String(200), nullable=False),
    Column("tree", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("listing", Json, nullable=False),
    Column("unknown", Json, nullable=False),
    Column("evidence", Json, nullable=False),
    Column("has_example", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("run", String(200), nullable=False),
    Column("step", String(200), nullable=False),
    Column("note", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("event", String(64), nullable=False),
    Column("conversion", Json),
    Column("decided_at", UtcTime),
    Column("decided_by", String(200), nullable=False),
    Column("decision", Text, nullable=False),
    Column("version", String(300), nullable=False),
    Index(None, "state", "expires_at"),
    Index(None, "run"),
)
"""Every object that was ever kept; `tree` is the folder of its bytes and of the evidence beside them."""
