"""Tables of tracking."""

from sqlalchemy import (
    BigInteger,
    Column,
    Computed,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

import meguru.tracking.mlflow.schema  # noqa: F401 - its tables belong to tracking
from meguru.storage.db import UtcTime, metadata

HEAD = 64
"""So much of a param or a tag is in its index."""

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
    Column("head", String(HEAD), Computed(f"substr(value, 1, {HEAD})", persisted=True)),
    Index(None, "key", "head", "run"),
    sqlite_with_rowid=False,
)

run_tag = Table(
    "run_tag",
    metadata,
    Column("run", String(64), ForeignKey("run.id"), primary_key=True),
    Column("key", String(250), primary_key=True),
    Column("value", Text, nullable=False),
    Column("head", String(HEAD), Computed(f"substr(value, 1, {HEAD})", persisted=True)),
    Index(None, "key", "head", "run"),
    sqlite_with_rowid=False,
)

run_series = Table(
    "run_series",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("run", String(64), ForeignKey("run.id"), nullable=False),
    Column("key", String(250), nullable=False),
    Column("value", Double),
    Column("step", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("minimum", Double),
    Column("maximum", Double),
    UniqueConstraint("run", "key"),
    Index(None, "key", "value", "run"),
)
"""One row a series: its number, its newest point, the range of its values. Lists of runs need no more."""

run_point = Table(
    "run_point",
    metadata,
    Column("series", BigInteger, primary_key=True, autoincrement=False),
    Column("step", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("value", Double),
    sqlite_with_rowid=False,
)
"""All points: of which series, at which step and microsecond since 1970; `seq` tells apart what shares both.

There is no foreign key: it would cost a look-up a point, and the series is read in the same transaction.
"""

run_artifact = Table(
    "run_artifact",
    metadata,
    Column("run", String(64), ForeignKey("run.id"), primary_key=True),
    Column("path", String(500), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
)
