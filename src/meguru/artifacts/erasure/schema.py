"""Tables of erasures."""

from sqlalchemy import BigInteger, Column, String, Table, Text

from meguru.storage.db import Json, UtcTime, metadata

erased_blob = Table("erased_blob", metadata, Column("digest", String(64), primary_key=True))
"""Blobs with rows of who was erased, until they are deleted: a kill, or what needs them, may delay it."""

erasure = Table(
    "erasure",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("by", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("columns", Json, nullable=False),
    Column("person_hashes", Json, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("found", Json, nullable=False),
    Column("models", Json, nullable=False),
)
"""Who was erased, as `person_hashes`: keyed hashes that are compared with what is there, and tell nobody.

`rows` and `found` say how many went from where.
"""
