"""Tables of business metrics."""

from sqlalchemy import Column, Double, ForeignKey, Index, String, Table, Text

from meguru.storage.db import Json, UtcTime, metadata

business_metric = Table(
    "business_metric",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("endpoint", String(100), nullable=False),
    Column("sql", Text, nullable=False),
    Column("python", String(300), nullable=False),
    Column("code", String(64), nullable=False),
    Column("datasets", Json, nullable=False),
    Column("unit", String(100), nullable=False),
    Column("direction", String(10), nullable=False),
    Column("target", Double),
    Column("per", String(50), nullable=False),
    Column("description", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("retired_at", UtcTime),
    Index(None, "endpoint"),
)
"""A retired metric keeps its row, for its values."""

business_value = Table(
    "business_value",
    metadata,
    Column("metric", String(100), ForeignKey("business_metric.name"), primary_key=True),
    Column("start", UtcTime, primary_key=True),
    Column("end", UtcTime, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("body", Json, nullable=False),
)
"""What a metric came to in each window that was measured, as it was measured last; `body` is the value."""
