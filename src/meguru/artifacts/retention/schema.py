"""The table of rules of retention."""

from sqlalchemy import Column, String, Table

from meguru.storage.db import Json, metadata

retention = Table(
    "retention",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("spec", Json, nullable=False),
)
