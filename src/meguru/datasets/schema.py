"""Tables of datasets."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from meguru.storage.db import Json, UtcTime, metadata

dataset = Table(
    "dataset",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("latest", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("spec", Json),
    Column("retired_at", UtcTime),
)
"""`spec` is what people say of it (None: nothing was said)."""

dataset_version = Table(
    "dataset_version",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("profile", String(64), nullable=False),
    Column("format", String(20), nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("files", Integer, nullable=False),
    Column("columns", Json, nullable=False),
    Column("event_time", String(200), nullable=False),
    Column("note", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("removed_at", UtcTime),
    Column("freed_at", UtcTime),
    Column("remote_environment", String(200), nullable=False, server_default=""),
    Column("branch", String(100), nullable=False, server_default=""),
    Index(None, "digest"),
)
"""A removed version keeps its row and its lineage; its bytes are freed later (`freed_at`). Those on a branch
have it written on them; their numbers are of the dataset's one series."""

dataset_tag = Table(
    "dataset_tag",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("tag", String(100), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(200), nullable=False),
)

dataset_branch = Table(
    "dataset_branch",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("branch", String(100), primary_key=True),
    Column("base", Integer, nullable=False),
    Column("latest", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(200), nullable=False),
)
"""A line of versions of its own, which began at version `base`; `latest` is its newest."""
