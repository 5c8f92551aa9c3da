"""The table of comments."""

from sqlalchemy import Column, Index, String, Table, Text

from meguru.storage.db import Json, UtcTime, metadata

comment = Table(
    "comment",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("about", String(300), nullable=False),
    Column("project", String(100), nullable=False),
    Column("author", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("mentions", Json, nullable=False),
    Column("reply_to", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("edited_at", UtcTime),
    Column("removed_at", UtcTime),
    Column("removed_by", String(200), nullable=False),
    Index(None, "about", "id"),
    Index(None, "project", "id"),
)
