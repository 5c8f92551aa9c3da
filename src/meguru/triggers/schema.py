"""Tables of triggers, of their firings, and of how far the log has been read."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from meguru.storage.db import Json, UtcTime, metadata

trigger = Table(
    "trigger",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("on", Json, nullable=False),
    Column("action", Json, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("cooldown", Float, nullable=False),
    Column("max_per_day", Integer),
    Column("created_at", UtcTime, nullable=False),
    Column("created_seq", BigInteger, nullable=False),
    Column("due_at", UtcTime),
    Column("note", Text, nullable=False),
    Column("retired_at", UtcTime),
    Column("filter", Text, nullable=False, server_default=""),
    Column("key", Text, nullable=False, server_default=""),
    Column("debounce", Float, nullable=False, server_default="0"),
    Column("debounce_max", Float),
    Column("budget", Json),
    Column("declared_by", String(200), nullable=False, server_default=""),
    Column("version", BigInteger, nullable=False, server_default="0"),
    Index(None, "due_at"),
    Index(None, "version"),
)
"""A retired trigger keeps its row, for its firings. `version` grows with each change."""

firing = Table(
    "firing",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("trigger", String(100), ForeignKey("trigger.name"), nullable=False),
    Column("key", String(200), nullable=False),
    Column("state", String(20), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("reason", Text, nullable=False),
    Column("event", String(64)),
    Column("root", String(64), nullable=False),
    Column("fired", String(64), nullable=False),
    Column("started", String(300), nullable=False),
    Column("job", String(64)),
    Column("evidence", Json, nullable=False),
    Column("repeats", Integer, nullable=False, server_default="0"),
    Column("waits_since", UtcTime),
    Column("not_before", UtcTime),
    UniqueConstraint("trigger", "key"),
    Index(None, "trigger", "state", "at"),
    Index(None, "root"),
    # Partial: looked at once a second, and nearly always empty.
    Index(
        "ix_firing_owed",
        "trigger",
        unique=True,
        sqlite_where=text("state = 'owed'"),
        postgresql_where=text("state = 'owed'"),
    ),
)

trigger_cursor = Table(
    "trigger_cursor",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
)
"""One row: the last event whose consequences are decided. Locking it orders the evaluators of all servers."""
