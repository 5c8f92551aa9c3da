"""Tables of notifications."""

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, String, Table, Text

from meguru.storage.db import Json, UtcTime, metadata

notification = Table(
    "notification",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("to", Json, nullable=False),
    Column("severity", String(20), nullable=False),
    Column("alerts", Boolean, nullable=False),
    Column("events", Json, nullable=False),
    Column("projects", Json, nullable=False),
    Column("hours", String(200), nullable=False),
    Column("dedupe", Double, nullable=False),
    Column("secret", String(200), nullable=False),
    Column("language", String(10), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_seq", BigInteger, nullable=False),
    Column("last_at", UtcTime),
    Column("retired_at", UtcTime),
)

notice = Table(
    "notice",
    metadata,
    Column("route", String(100), primary_key=True),
    Column("key", String(450), primary_key=True),
    Column("type", String(100), nullable=False),
    Column("subject", String(300), nullable=False),
    Column("alert", String(64), nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("first_event", String(64), nullable=False),
    Column("last_event", String(64), nullable=False),
    Column("first_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
)
"""What waits to be told; gone once it is in a message."""

alert_notified = Table(
    "alert_notified",
    metadata,
    Column("alert", String(64), primary_key=True),
    Column("route", String(100), primary_key=True),
    Column("at", UtcTime, nullable=False),
)
"""Which routes told of which alerts, so that they tell of the end too; gone then."""

notification_dispatch = Table(
    "notification_dispatch",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("notification", String(100), nullable=False),
    Column("to", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("at", UtcTime),
    Column("status", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("message", Json, nullable=False),
    Index(None, "notification", "id"),
)
"""Messages, one row for each receiver; of those that ended, the newest are kept."""

notification_cursor = Table(
    "notification_cursor",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
)
"""One row: the event up to which it is known what is to be told."""
