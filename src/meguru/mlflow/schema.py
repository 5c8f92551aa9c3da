"""Tables of what only MLflow's clients know of models: versions as they see them, logged models, files."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from meguru.storage.db import Json, UtcTime, metadata

mlflow_version = Table(
    "mlflow_version",
    metadata,
    Column("name", String(256), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("source", Text, nullable=False),
    Column("storage", Text, nullable=False),
    Column("run", String(256), nullable=False),
    Column("run_link", Text, nullable=False),
    Column("logged_model", String(256), nullable=False),
    Column("description", Text, nullable=False),
    Column("tags", Json, nullable=False),
    Column("stage", String(20), nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Index(None, "run"),
    Index(None, "logged_model"),
    Index(None, "deleted", "created_at", "name", "version"),
    Index(None, "deleted", "updated_at", "name", "version"),
)
"""What MLflow's clients say of the `model_version` of the same number. One that they deleted stays as a row
here: a verified version is only no longer shown to them."""

logged_model = Table(
    "logged_model",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("experiment", String(100), nullable=False),
    Column("name", String(500), nullable=False),
    Column("model_type", String(500), nullable=False),
    Column("run", String(256), nullable=False),
    Column("status", String(40), nullable=False),
    Column("params", Json, nullable=False),
    Column("tags", Json, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Index(None, "experiment", "created_at"),
    Index(None, "run"),
)
"""A model that a run saved, before (or without) being registered under a name."""

stored_file = Table(
    "stored_file",
    metadata,
    Column("path", String(1000), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
)
"""Files sent through the artifact proxy that belong to no run: those of logged models, and others."""
