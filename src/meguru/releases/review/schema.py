"""Tables of reviews: that they were asked for, what people decided, and whose glass was broken."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from meguru.storage.db import Json, UtcTime, metadata

review_request = Table(
    "review_request",
    metadata,
    Column("endpoint", String(100), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("parts", Json, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", String(200), nullable=False),
    Column("requesters", Json, nullable=False),
    Column("note", Text, nullable=False),
    Column("event", String(64), nullable=False),
    Column("voided", String(64), nullable=False, server_default=""),
)

release_approval = Table(
    "release_approval",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("endpoint", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("decision", String(20), nullable=False),
    Column("principal", String(100), nullable=False),
    Column("person", String(300), nullable=False),
    Column("rights", Json, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("event", String(64), nullable=False),
    Column("policies", Json, nullable=False),
    Column("page_digest", String(64), nullable=False),
    Column("parts", Json, nullable=False),
    Column("envelope", Text, nullable=False),
    Column("key", String(64), nullable=False),
    Column("own_key", Boolean, nullable=False),
    Column("door", String(300), nullable=False),
    Column("withdrawn_at", UtcTime),
    Column("withdrawal", Text, nullable=False),
    Index(None, "endpoint", "version"),
)

break_glass = Table(
    "break_glass",
    metadata,
    Column("endpoint", String(100), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", String(200), nullable=False),
    Column("person", String(300), nullable=False),
    Column("reason", Text, nullable=False),
    Column("missing", Json, nullable=False),
    Column("people", Integer, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("event", String(64), nullable=False),
    Column("envelope", Text, nullable=False),
    Column("answered_at", UtcTime),
)
