"""Tables of pools and of the places that are taken."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from meguru.storage.db import UtcTime, metadata

pool = Table(
    "pool",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("slots", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

pool_place = Table(
    "pool_place",
    metadata,
    Column("holder", String(300), primary_key=True),
    Column("pool", String(100), ForeignKey("pool.name"), nullable=False),
    Column("job", String(64), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("taken_at", UtcTime, nullable=False),
    Index(None, "pool"),
    Index(None, "job"),
)
