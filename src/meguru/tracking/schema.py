"""Tables of tracking."""

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Index, Integer, String, Table, Text

import meguru.tracking.mlflow.schema  # noqa: F401 - its tables belong to tracking
from meguru.storage.db import UtcTime, metadata

experiment = Table(
    "experiment",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("note", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(200), nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(250), nullable=False),
    Column("experiment", String(100), ForeignKey("experiment.name"), nullable=False),
    Column("state", String(20), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("created_by", String(200), nullable=False),
    Column("error", Text, nullable=False),
    Column("lease", Double),
    Column("alive_until", UtcTime),
    Index(None, "experiment", "id"),
    Index(None, "experiment", "started_at", "id"),
    Index(None, "state", "id"),
)

run_param = Table(
    "run_param",
    metadata,
    Column("run", String(64), ForeignKey("run.id"), primary_key=True),
    Column("key", String(250), primary_key=True),
    Column("value", Text, nullable=False),
)

run_tag = Table(
    "run_tag",
    metadata,
    Column("run", String(64), ForeignKey("run.id"), primary_key=True),
    Column("key", String(250), primary_key=True),
    Column("value", Text, nullable=False),
)

run_metric = Table(
    "run_metric",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("run", String(64), ForeignKey("run.id"), nullable=False),
    Column("key", String(250), nullable=False),
    Column("step", BigInteger, nullable=False),
    Column("value", Double),
    Column("at", UtcTime, nullable=False),
    Index(None, "run", "key", "step", "id"),
)
"""All points of all series, in the order they came."""

run_metric_latest = Table(
    "run_metric_latest",
    metadata,
    Column("run", String(64), ForeignKey("run.id"), primary_key=True),
    Column("key", String(250), primary_key=True),
    Column("value", Double),
    Column("step", BigInteger, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("minimum", Double),
    Column("maximum", Double),
    Index(None, "key", "value", "run"),
)
"""One row a series, so that a list of runs needs no look at the points."""

run_artifact = Table(
    "run_artifact",
    metadata,
    Column("run", String(64), ForeignKey("run.id"), primary_key=True),
    Column("path", String(500), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
)
