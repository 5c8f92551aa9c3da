"""The table of feedback."""

from sqlalchemy import Boolean, Column, Double, Index, Integer, String, Table, Text, UniqueConstraint

from meguru.storage.db import UtcTime, metadata

feedback = Table(
    "feedback",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("endpoint", String(100), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("batch_id", String(64), nullable=False),
    Column("row", Integer, nullable=False),
    Column("key", String(200), nullable=False),
    Column("time", UtcTime),
    Column("judge", String(200), nullable=False),
    Column("thumb", String(4)),
    Column("rating", Double),
    Column("label", Text),
    Column("comment", Text),
    Column("at", UtcTime, nullable=False),
    Column("recorded_at", UtcTime, nullable=False),
    Column("recorded_by", String(200), nullable=False),
    Column("counts", Boolean, nullable=False),
    UniqueConstraint("endpoint", "digest"),
    Index(None, "batch_id", "row", "judge"),
    Index(None, "endpoint", "id"),
)
"""One judgement a row; `batch_id` is empty while nobody knows its prediction."""
