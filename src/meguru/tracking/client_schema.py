"""What experiments and runs have beside their keys: names, numbers, stages, and what clients tell of them.

Each experiment has an entry here, and a run that was deleted or that a client of another protocol keeps. The
tables are called as they were when only such a client wrote them.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from meguru.storage.db import Json, UtcTime, metadata

_Number = BigInteger().with_variant(Integer, "sqlite")

experiment_entry = Table(
    "mlflow_experiment",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=False),
    Column("experiment", String(100), ForeignKey("experiment.name"), nullable=False, unique=True),
    Column("project", String(100), nullable=False, server_default=""),
    Column("name", String(500), nullable=False),
    Column("artifact_location", Text, nullable=False),
    Column("stage", String(10), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    UniqueConstraint("project", "name"),
)
"""`project` is that of the key in `experiment` (``team/churn``), by which a run's project is known too."""

experiment_tag = Table(
    "mlflow_experiment_tag",
    metadata,
    Column("experiment", _Number, ForeignKey("mlflow_experiment.id"), primary_key=True, autoincrement=False),
    Column("key", String(250), primary_key=True),
    Column("value", Text, nullable=False),
)

run_entry = Table(
    "mlflow_run",
    metadata,
    Column("run", String(64), ForeignKey("run.id"), primary_key=True),
    Column("stage", String(10), nullable=False),
    Column("status", String(10), nullable=False),
    Column("user_id", String(250), nullable=False),
    Column("deleted_at", UtcTime),
)

input_dataset = Table(
    "mlflow_dataset",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=True),
    Column("experiment", String(100), ForeignKey("experiment.name"), nullable=False),
    Column("name", String(500), nullable=False),
    Column("digest", String(36), nullable=False),
    Column("source_type", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("schema", Text),
    Column("profile", Text),
    UniqueConstraint("experiment", "name", "digest"),
)

run_input = Table(
    "mlflow_input",
    metadata,
    Column("run", String(64), ForeignKey("run.id"), primary_key=True),
    Column("dataset", _Number, ForeignKey("mlflow_dataset.id"), primary_key=True, autoincrement=False),
    Column("context", String(500), nullable=False),
    Column("tags", Json, nullable=False),
    Index(None, "dataset"),
)

run_model = Table(
    "mlflow_run_model",
    metadata,
    Column("run", String(64), ForeignKey("run.id"), primary_key=True),
    Column("direction", String(10), primary_key=True),
    Column("model_id", String(64), primary_key=True),
    Column("step", BigInteger, nullable=False),
)
"""The logged models that a run took in or gave out."""

model_point = Table(
    "mlflow_model_metric",
    metadata,
    Column("model_id", String(64), primary_key=True),
    Column("key", String(250), primary_key=True),
    Column("ms", BigInteger, primary_key=True, autoincrement=False),
    Column("step", BigInteger, primary_key=True, autoincrement=False),
    Column("run", String(64), ForeignKey("run.id"), primary_key=True),
    Column("value", Double),
    Column("dataset_name", String(500), nullable=False),
    Column("dataset_digest", String(36), nullable=False),
    Index(None, "key", "value", "model_id"),
    sqlite_with_rowid=False,
)
"""The points of a run that speak of a logged model, as the model shows them."""
