"""Tables of webhooks."""

from sqlalchemy import BigInteger, Boolean, Column, Double, Integer, String, Table, Text, false

from meguru.storage.db import Json, UtcTime, metadata

webhook = Table(
    "webhook",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(63), nullable=False),
    Column("url", Text, nullable=False),
    Column("topics", Json, nullable=False),
    Column("description", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("has_secret", Boolean, nullable=False),
    Column("since_seq", BigInteger, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("project", String(100), nullable=False, server_default=""),
    Column("events", Json, nullable=False, server_default="[]"),
)

webhook_secret = Table(
    "webhook_secret",
    metadata,
    Column("webhook", String(64), primary_key=True),
    Column("secret", Text, nullable=False),
    Column("sealed", Boolean, nullable=False, server_default=false()),
)
"""Apart from what is shown. Signing needs the secret itself, so a hash of it would not do: it is sealed. One
that was written before secrets were sealed is in clear until a server starts that has a key."""

webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    Column("webhook", String(64), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("delivery", String(64), nullable=False),
    Column("topic", String(100), nullable=False),
    Column("event", String(64), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("status", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("is_taken", Boolean, nullable=False),
)
"""The newest calls of each webhook, and what became of them."""

webhook_cursor = Table(
    "webhook_cursor",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
)
"""One row: the event up to which calls were promised."""
