"""The tables of checklists."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from meguru.storage.db import Json, UtcTime, metadata

checklist = Table(
    "checklist",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("spec", Json, nullable=False),
    Column("retired_at", UtcTime),
)

checklist_answer = Table(
    "checklist_answer",
    metadata,
    Column("checklist", String(100), primary_key=True),
    Column("item", String(100), primary_key=True),
    Column("model", String(256), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("answer", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("by", String(200), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("event", String(64), nullable=False),
    Index(None, "model"),
)
"""The present answer to an item for a version of a model, or (version 0) for the model; the log has all."""

checklist_reminder = Table(
    "checklist_reminder",
    metadata,
    Column("checklist", String(100), primary_key=True),
    Column("item", String(100), primary_key=True),
    Column("about", String(300), primary_key=True),
    Column("due", String(10), nullable=False),
)
"""Of which items people were told that their day is over; once for each day that was set."""
