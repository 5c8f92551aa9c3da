"""The table of model signatures."""

from sqlalchemy import Column, Integer, String, Table, Text

from meguru.storage.db import UtcTime, metadata

model_signature = Table(
    "model_signature",
    metadata,
    Column("name", String(256), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("key", String(64), primary_key=True),
    Column("public", Text, nullable=False),
    Column("bundle", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", String(200), nullable=False),
)
"""`key` is the fingerprint of the key, and `public` the key: of others outside, nobody else here has it.
`bundle` is the signature, in JSON."""
