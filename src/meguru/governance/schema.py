"""Tables of principals and tokens."""

from sqlalchemy import Boolean, Column, ForeignKey, String, Table

from meguru.storage.db import Json, UtcTime, metadata

principal = Table(
    "principal",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("role", String(50), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("disabled", Boolean, nullable=False),
)

token = Table(
    "token",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("principal", ForeignKey("principal.name"), nullable=False, index=True),
    Column("note", String(200), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("scope", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
)
