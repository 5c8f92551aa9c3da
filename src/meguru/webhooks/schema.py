"""Tables of webhooks."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table, Text

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
)

webhook_secret = Table(
    "webhook_secret",
    metadata,
    Column("webhook", String(64), primary_key=True),
    Column("secret", Text, nullable=False),
)
"""Apart from what is shown: signing needs the secret itself, so a hash of it would not do."""

webhook_cursor = Table(
    "webhook_cursor",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
)
"""One row: the event up to which calls were promised."""
