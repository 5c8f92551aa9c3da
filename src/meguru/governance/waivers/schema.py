"""The table of waivers."""

from sqlalchemy import Column, Index, String, Table, Text

from meguru.storage.db import Json, UtcTime, metadata

waiver = Table(
    "waiver",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("endpoint", String(100), nullable=False),
    Column("model", String(300), nullable=False),
    Column("gate", String(100), nullable=False),
    Column("declaration", Json, nullable=False),
    Column("declaration_digest", String(64), nullable=False),
    Column("inputs", Json, nullable=False),
    Column("refusal", Text, nullable=False),
    Column("release", String(300), nullable=False),
    Column("authors", Json, nullable=False),
    Column("reason", Text, nullable=False),
    Column("asked_by", String(200), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("state", String(20), nullable=False),
    Column("event", String(64), nullable=False),
    Column("decided_by", String(200), nullable=False),
    Column("decided_at", UtcTime),
    Column("note", Text, nullable=False),
    Column("ended_by", String(200), nullable=False),
    Column("ended_at", UtcTime),
    Column("end_reason", Text, nullable=False),
    Column("used_by", String(300), nullable=False),
    Column("warned_at", UtcTime),
    Index(None, "endpoint", "model"),
    Index(None, "model"),
    Index(None, "state", "expires_at"),
    Index(None, "used_by"),
)
"""Every waiver that was ever asked for; the name of its endpoint has the project."""
