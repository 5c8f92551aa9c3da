"""The table of holds."""

from sqlalchemy import Column, String, Table, Text

from meguru.storage.db import Json, UtcTime, metadata

legal_hold = Table(
    "legal_hold",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("about", String(300), nullable=False),
    Column("person_hashes", Json, nullable=False),
    Column("why", Text, nullable=False),
    Column("until", UtcTime),
    Column("placed_at", UtcTime, nullable=False),
    Column("placed_by", String(200), nullable=False),
    Column("released_at", UtcTime),
    Column("released_by", String(200), nullable=False, server_default=""),
    Column("released_why", Text, nullable=False, server_default=""),
)
"""`about` is a dataset, an endpoint or a project; empty for a person: `person_hashes` are theirs, keyed."""
