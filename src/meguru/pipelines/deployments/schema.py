"""The table of what was deployed, in order."""

from sqlalchemy import Column, Integer, String, Table, Text

from meguru.storage.db import UtcTime, metadata

pipeline_deployment = Table(
    "pipeline_deployment",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("event", String(64), nullable=False),
    Column("rolled_back_to", Integer),
)
"""A row each time that another version was deployed; the one with the highest number holds."""
