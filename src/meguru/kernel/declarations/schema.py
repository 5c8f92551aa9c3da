"""The table of the specs that held."""

from sqlalchemy import Boolean, Column, Integer, String, Table

from meguru.storage.db import Json, UtcTime, metadata

spec_version = Table(
    "spec_version",
    metadata,
    Column("kind", String(50), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("spec", Json, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", String(200), nullable=False),
    Column("event", String(64), nullable=False),
    Column("retired", Boolean, nullable=False),
)
"""A row each time a spec changed. Older declarations begin with their first change."""
