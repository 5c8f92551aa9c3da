"""The table of what came of expectations."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from meguru.storage.db import Json, UtcTime, metadata

dataset_check = Table(
    "dataset_check",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("results", Json, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", String(200), nullable=False),
    Index(None, "name", "id"),
)
"""`version` is 0 for rows that were refused; the id sorts by time."""
