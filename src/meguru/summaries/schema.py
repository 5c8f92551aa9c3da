"""The table of scheduled reports."""

from sqlalchemy import Column, String, Table

from meguru.storage.db import Json, UtcTime, metadata

scheduled_report = Table(
    "scheduled_report",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("spec", Json, nullable=False),
    Column("declared_by", String(200), nullable=False),
    Column("due_at", UtcTime),
    Column("retired_at", UtcTime),
)
"""`due_at` is when it is sent next; who declared it last is whose sight it has."""
