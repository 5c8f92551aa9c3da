"""Tables of projects and of what people may do in each."""

from sqlalchemy import Column, ForeignKey, String, Table, Text

from meguru.storage.db import UtcTime, metadata

project = Table(
    "project",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("description", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("retired_at", UtcTime),
)
"""The default project has no row."""

project_member = Table(
    "project_member",
    metadata,
    Column("project", String(100), primary_key=True),
    Column("principal", String(100), ForeignKey("principal.name"), primary_key=True),
    Column("role", String(50), nullable=False),
    Column("since", UtcTime, nullable=False),
)
"""What a principal may do in one project, beside what it may do in all; the default one is the empty text."""
