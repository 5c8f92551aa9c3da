"""Tables of subscriptions and inboxes."""

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, String, Table, Text

from meguru.storage.db import UtcTime, metadata

subscription = Table(
    "subscription",
    metadata,
    Column("principal", String(200), primary_key=True),
    Column("about", String(300), primary_key=True),
    Column("created_at", UtcTime, nullable=False),
    Column("muted", Boolean, nullable=False),
    Index(None, "about"),
)

inbox_item = Table(
    "inbox_item",
    metadata,
    Column("principal", String(200), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("event", String(64), nullable=False),
    Column("type", String(100), nullable=False),
    Column("subject", String(300), nullable=False),
    Column("about", String(300), nullable=False),
    Column("project", String(100), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("why", String(20), nullable=False),
    Column("at", UtcTime, nullable=False),
)
"""The newest of each principal are kept."""

inbox_settings = Table(
    "inbox_settings",
    metadata,
    Column("principal", String(200), primary_key=True),
    Column("mail", Text, nullable=False),
    Column("hours", String(200), nullable=False),
    Column("dedupe", Double, nullable=False),
    Column("language", String(10), nullable=False),
    Column("read_seq", BigInteger, nullable=False),
    Column("mailed_seq", BigInteger, nullable=False),
    Column("mailed_at", UtcTime),
)

inbox_cursor = Table(
    "inbox_cursor",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
)
"""One row: the event up to which inboxes are filled."""
