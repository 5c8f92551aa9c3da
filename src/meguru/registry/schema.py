"""Tables of the model registry."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from meguru.storage.db import Json, UtcTime, metadata

registered_model = Table(
    "registered_model",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("latest", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

model_version = Table(
    "model_version",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("tree_digest", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("flavor", String(100), nullable=False),
    Column("task", String(20), nullable=False),
    Column("signature", Json, nullable=False),
    Column("label", String(200), nullable=False),
    Column("metrics", Json, nullable=False),
    Column("params", Json, nullable=False),
    Column("baseline_digest", String(64), nullable=False),
    Column("holdout_digest", String(64), nullable=False),
    Column("run_ref", String(200), nullable=False),
    Column("used", Json, nullable=False),
    Column("note", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("event", String(64), nullable=False),
    Index(None, "digest"),
    Index(None, "run_ref"),
)

model_alias = Table(
    "model_alias",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("alias", String(100), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime),
    Column("moved_by", String(200), nullable=False),
    Column("event", String(64), nullable=False),
    Index(None, "name", "version"),
)
"""Every move of every alias; the one without `until` holds now."""
