"""Tables of incidents."""

from sqlalchemy import Column, Index, Integer, String, Table, Text, text

from meguru.storage.db import Json, UtcTime, metadata

incident = Table(
    "incident",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("project", String(100), nullable=False),
    Column("about", String(300), nullable=False),
    Column("alert", String(64), nullable=False),
    Column("severity", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("opened_by", String(200), nullable=False),
    Column("closed_at", UtcTime),
    Column("closed_by", String(200), nullable=False),
    Column("conclusion", Text, nullable=False),
    Column("tests", Json, nullable=False),
    Index(None, "opened_at"),
    Index(
        "ix_incident_open",
        "about",
        unique=True,
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
)

incident_note = Table(
    "incident_note",
    metadata,
    Column("incident", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("by", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("test", String(300), nullable=False),
)
