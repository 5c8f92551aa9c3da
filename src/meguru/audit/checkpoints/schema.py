"""Tables of checkpoints: what is declared, the heads that were signed, and how far each place has come."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table, Text

from meguru.storage.db import Json, UtcTime, metadata

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("spec", Json, nullable=False),
)

tree_head = Table(
    "tree_head",
    metadata,
    Column("size", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("origin", String(100), nullable=False),
    Column("root", String(64), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("key", String(64), nullable=False),
    Column("note", Text, nullable=False),
    Column("peaks", Json, nullable=False),
)
"""`note` is the signed checkpoint as it is written; from `peaks` the tree grows without reading more."""

checkpoint_place = Table(
    "checkpoint_place",
    metadata,
    Column("checkpoint", String(100), primary_key=True),
    Column("place", String(500), primary_key=True),
    Column("written", BigInteger, nullable=False),
    Column("written_at", UtcTime),
    Column("failures", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("failure_reported", Boolean, nullable=False),
    Column("try_at", UtcTime, nullable=False),
    Column("lease_owner", String(100)),
    Column("lease_until", UtcTime),
)
"""`written` is the size of the last head that a place has; one server at a time holds the lease to write."""
