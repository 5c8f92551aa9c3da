"""Tables of alerts, and of how far the log has been read for them."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, text

from meguru.storage.db import Json, UtcTime, metadata

alert = Table(
    "alert",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("project", String(100), nullable=False),
    Column("about", String(300), nullable=False),
    Column("cause", String(100), nullable=False),
    Column("subject", String(300), nullable=False),
    Column("severity", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("reopened", Integer, nullable=False),
    Column("good_answers", Integer, nullable=False),
    Column("event", String(64), nullable=False),
    Column("last_event", String(64), nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    Column("evidence", Json, nullable=False),
    Column("muted_until", UtcTime),
    Column("muted_count", BigInteger, nullable=False),
    Column("acknowledged_by", String(200), nullable=False),
    Column("acknowledged_at", UtcTime),
    Column("note", Text, nullable=False),
    Column("resolved_by", String(200), nullable=False),
    Column("resolved_at", UtcTime),
    Column("resolved_event", String(64)),
    Index(None, "about", "cause", "opened_at"),
    Index(None, "cause", "project", "opened_at"),
    # Partial: those that are not over are few, and looked at often.
    Index(
        "ix_alert_open",
        "about",
        "cause",
        unique=True,
        sqlite_where=text("state != 'resolved'"),
        postgresql_where=text("state != 'resolved'"),
    ),
)

alert_cursor = Table(
    "alert_cursor",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
)
"""One row: the event up to which alerts were opened and answered."""
