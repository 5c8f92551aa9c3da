"""The table of release policies."""

from sqlalchemy import Column, String, Table

from meguru.storage.db import Json, metadata

release_policy = Table(
    "release_policy",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("spec", Json, nullable=False),
)
