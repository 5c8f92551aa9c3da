"""Tables of monitors."""

from sqlalchemy import Column, Double, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from meguru.storage.db import Json, UtcTime, metadata

monitor = Table(
    "monitor",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("endpoint", String(100), nullable=False),
    Column("checks", Json, nullable=False),
    Column("alert_on", Json, nullable=False),
    Column("min_rows", Integer, nullable=False),
    Column("min_drift_share", Double, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("retired_at", UtcTime),
    Index(None, "endpoint"),
)
"""A retired monitor keeps its row, for its reports."""

monitor_report = Table(
    "monitor_report",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("monitor", String(100), ForeignKey("monitor.name"), nullable=False),
    Column("window_start", UtcTime, nullable=False),
    Column("window_end", UtcTime, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("body", Json, nullable=False),
    UniqueConstraint("monitor", "window_start", "window_end", "digest"),
    Index(None, "monitor", "at"),
)
"""One row an evaluation; `digest` is of the data and settings it was made from, `body` is the report."""
