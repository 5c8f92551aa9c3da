"""Tables of pipelines, their runs and their steps."""

from sqlalchemy import Boolean, Column, Double, Index, Integer, String, Table, Text, false, text

from meguru.pipelines.run_rows import COMPUTED
from meguru.storage.db import Json, UtcTime, metadata

pipeline = Table(
    "pipeline",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("latest", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("spec", Json),
)
"""`spec` has what people declared of it, beside its version."""

pipeline_version = Table(
    "pipeline_version",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("graph", Json, nullable=False),
    Column("codes", Json, nullable=False),
    Column("snapshot", String(64), nullable=False),
    Column("sources", Json, nullable=False),
    Column("entry", Text, nullable=False),
    Column("folder", Text, nullable=False),
    Column("imports", Json, nullable=False),
    Column("commit", String(100), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(200), nullable=False),
    Index(None, "entry"),
)

pipeline_run = Table(
    "pipeline_run",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("pipeline", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("params", Json, nullable=False),
    Column("pinned", Json, nullable=False),
    Column("job", String(64), nullable=False),
    Column("event", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("started_at", UtcTime),
    Column("finished_at", UtcTime),
    Column("failed", Json),
    Column("produced", Json, nullable=False),
    Column("metrics", Json, nullable=False),
    Column("ran", Integer, nullable=False),
    Column("cached", Integer, nullable=False),
    Column("origin", String(200), nullable=False, server_default=""),
    Column("partition", String(200), nullable=False, server_default=""),
    Column("skipped", Integer, nullable=False, server_default="0"),
    Column("paused", Boolean, nullable=False, server_default=false()),
    Column("retry_of", String(64)),
    Column("rerun_steps", Json, nullable=False, server_default="[]"),
    Index(None, "pipeline", "id"),
    Index(None, "state"),
    Index(None, "finished_at"),
)

step_run = Table(
    "step_run",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("run", String(64), nullable=False),
    Column("pipeline", String(100), nullable=False),
    Column("step", String(100), nullable=False),
    Column("state", String(20), nullable=False),
    Column("parent", String(100), nullable=False, server_default=""),
    Column("items", Integer),
    Column("reason", Text, nullable=False, server_default=""),
    Column("attempt", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("due_at", UtcTime),
    Column("key", String(64), nullable=False),
    Column("parts", Json, nullable=False),
    Column("outputs", Json, nullable=False),
    Column("reused", String(200)),
    Column("log", String(64)),
    Column("failed", Json),
    Column("files", Json, nullable=False, server_default="[]"),
    Column("started_at", UtcTime),
    Column("finished_at", UtcTime),
    Column("busy_seconds", Double),
    Column("cpu_seconds", Double),
    Column("gpu_seconds", Double),
    Column("memory_gb_seconds", Double),
    Index(None, "run"),
    # Each step changes its state several times; outputs are looked for only where they were computed.
    Index(None, "key", "id", sqlite_where=text(COMPUTED), postgresql_where=text(COMPUTED)),
    Index(None, "pipeline", "step", "id"),
)

pipeline_metrics = Table(
    "pipeline_metrics",
    metadata,
    Column("pipeline_run", String(64), primary_key=True),
    Column("run", String(64), nullable=False),
    Column("series", Json, nullable=False),
    Column("offsets", Json, nullable=False),
    Index(None, "run"),
)
"""The tracked run that has what a pipeline run's steps logged; who logs each of its series; what is kept."""

pipeline_approval = Table(
    "pipeline_approval",
    metadata,
    Column("run", String(64), primary_key=True),
    Column("step", String(100), primary_key=True),
    Column("pipeline", String(100), nullable=False),
    Column("question", Text, nullable=False),
    Column("by", String(100)),
    Column("four_eyes", Boolean, nullable=False),
    Column("shown", Json, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("deadline", UtcTime),
    Column("state", String(20), nullable=False),
    Column("decided_at", UtcTime),
    Column("decided_by", String(200)),
    Column("note", Text, nullable=False),
    Index(None, "state", "asked_at"),
)
