"""The table of what was measured of files."""

from sqlalchemy import BigInteger, Column, Integer, String, Table

from meguru.storage.db import UtcTime, metadata

dataset_measurement = Table(
    "dataset_measurement",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("by", String(200), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("files", BigInteger, nullable=False),
    Column("dimensions", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("removed_at", UtcTime),
)
"""What was measured of a removed version stands here until its bytes are freed."""
