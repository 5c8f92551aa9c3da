"""Tables of the reads of sources."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from meguru.storage.db import Json, UtcTime, metadata

dataset_source = Table(
    "dataset_source",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("next_at", UtcTime),
    Column("failures", Integer, nullable=False),
    Column("pull", String(64), nullable=False),
    Column("version_digest", String(64), nullable=False),
    Column("position", Json),
    Index(None, "next_at"),
)
"""One row a dataset with a source: when it is read next, and which pull is under way (else empty).

The position is a part of the version. Where a source moved on without any change of the rows, there is no new
version: then `position` is how far it was read, and `version_digest` the version for which that is true.
"""

dataset_pull = Table(
    "dataset_pull",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("dataset", String(100), nullable=False),
    Column("state", String(20), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("asked_by", String(200), nullable=False),
    Column("note", Text, nullable=False),
    Column("full", Boolean, nullable=False),
    Column("evolve", Boolean, nullable=False),
    Column("finished_at", UtcTime),
    Column("version", Integer, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("added", BigInteger, nullable=False),
    Column("position", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("job", String(64), nullable=False),
    Index(None, "dataset", "id"),
)
