"""Tables of tracking."""

from sqlalchemy import (
    BigInteger,
    Column,
    Computed,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

import meguru.tracking.client_schema  # noqa: F401 - its tables belong to tracking
from meguru.storage.db import UtcTime, metadata

HEAD = 64
"""So much of a param or a tag is in its index."""
MIN_UNCHUNKED = 512
"""A series of so many unchunked points is worth joining them."""

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
    Index(None, "experiment", "name", "id"),
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
    Column("unchunked", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("run", "key"),
    Index(None, "key", "value", "run"),
    Index(
        "ix_run_series_unchunked",
        "unchunked",
        sqlite_where=text(f"unchunked >= {MIN_UNCHUNKED}"),
        postgresql_where=text(f"unchunked >= {MIN_UNCHUNKED}"),
    ),
)
"""One row a series: its number, its newest point, the range of its values. Lists of runs need no more.

`unchunked` counts the rows that could be joined into chunks; a small chunk counts as some.
"""

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
"""Single points: of which series, at which step and microsecond since 1970; `seq` tells apart those of both.

There is no foreign key: it would cost a look-up a point, and the series is read in the same transaction.
"""

run_chunk = Table(
    "run_chunk",
    metadata,
    Column("series", BigInteger, primary_key=True, autoincrement=False),
    Column("step", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("last_step", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("minimum", Double),
    Column("maximum", Double),
    Column("data", LargeBinary, nullable=False),
)
"""Many points in one row: the places of the first and the last, how many, their range, and they, packed.

No two chunks of a series overlap. All points of a chunk have the `seq` 0.
"""

run_artifact = Table(
    "run_artifact",
    metadata,
    Column("run", String(64), ForeignKey("run.id"), primary_key=True),
    Column("path", String(500), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
)
