"""Tables of sweeps and their trials."""

from sqlalchemy import BigInteger, Column, Double, Index, Integer, String, Table, Text

from meguru.storage.db import Json, UtcTime, metadata

sweep = Table(
    "sweep",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("pipeline", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("space", Json, nullable=False),
    Column("params", Json, nullable=False),
    Column("metric", String(250), nullable=False),
    Column("goal", String(10), nullable=False),
    Column("sampler", String(20), nullable=False),
    Column("pruner", String(20), nullable=False),
    Column("trials", Integer, nullable=False),
    Column("parallel", Integer, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("timeout", Double),
    Column("target", Double),
    Column("max_failed", Integer, nullable=False),
    Column("job", String(64), nullable=False),
    Column("event", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("round", Integer, nullable=False),
    Column("forgiven_failures", Integer, nullable=False),
    Column("deadline", UtcTime),
    Column("finished_at", UtcTime),
    Column("reason", Text, nullable=False),
    Index(None, "pipeline", "id"),
)

sweep_trial = Table(
    "sweep_trial",
    metadata,
    Column("sweep", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", String(20), nullable=False),
    Column("params", Json, nullable=False),
    Column("run", String(64), nullable=False),
    Column("value", Double),
    Column("step", BigInteger),
    Column("reason", Text, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Index(None, "sweep", "state", "value"),
    Index(None, "run"),
)
