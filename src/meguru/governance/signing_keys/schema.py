"""The table of signing keys."""

from sqlalchemy import Column, String, Table, Text

from meguru.storage.db import UtcTime, metadata

signing_key = Table(
    "signing_key",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner", String(100), nullable=False, index=True),
    Column("owner_kind", String(20), nullable=False),
    Column("algorithm", String(20), nullable=False),
    Column("public", Text, nullable=False),
    Column("note", String(200), nullable=False),
    Column("sealed", Text),
    Column("created_at", UtcTime, nullable=False),
    Column("retired_at", UtcTime),
    Column("revoked_at", UtcTime),
    Column("revoked_by", String(200), nullable=False),
    Column("reason", Text, nullable=False),
)
"""`id` is the key's fingerprint. Only the server's have `sealed`, the secret as `kernel.sealing` keeps it;
keys of people are their public halves. `revoked_at` is since when its signatures count for nothing."""
