"""Tables of prices and budgets."""

from sqlalchemy import Boolean, Column, Double, String, Table

from meguru.storage.db import Json, UtcTime, metadata

price_list = Table(
    "price_list",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("spec", Json, nullable=False),
    Column("retired_at", UtcTime),
)

budget = Table(
    "budget",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("spec", Json, nullable=False),
    Column("start", UtcTime),
    Column("spent", Double, nullable=False),
    Column("warned", Boolean, nullable=False),
    Column("exceeded", Boolean, nullable=False),
    Column("counted_at", UtcTime),
    Column("retired_at", UtcTime),
)
"""`start` is when the time began of which `spent`, `warned` and `exceeded` tell."""
