"""Tables of endpoints and deployments."""

from sqlalchemy import Boolean, Column, Double, ForeignKey, Index, Integer, String, Table, Text

from meguru.storage.db import Json, UtcTime, metadata

endpoint = Table(
    "endpoint",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("model", String(100), nullable=False),
    Column("description", Text, nullable=False),
    Column("gates", Json, nullable=False),
    Column("shadow", Json, nullable=False),
    Column("record", Boolean, nullable=False),
    Column("renew_within", Double, nullable=False),
    Column("feedback", Json, nullable=False),
    Column("features", String(2000), nullable=False, server_default=""),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("retired_at", UtcTime),
)
"""A retired endpoint keeps its row: its releases, deployments and predictions are still told of."""

deployment = Table(
    "deployment",
    metadata,
    Column("endpoint", String(100), ForeignKey("endpoint.name"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("model_ref", String(300), nullable=False),
    Column("release_ref", String(300), nullable=False),
    Column("state", String(20), nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime),
    Column("event", String(64), nullable=False),
    Column("inputs", Json, nullable=False, server_default="[]"),
    Column("features", Json),
    Index(None, "endpoint", "state"),
)
"""At most one of an endpoint's deployments is live; the others tell its history."""

replica = Table(
    "replica",
    metadata,
    Column("endpoint", String(100), ForeignKey("endpoint.name"), primary_key=True),
    Column("server", String(100), primary_key=True),
    Column("model_ref", String(300)),
    Column("release_ref", String(300)),
    Column("since", UtcTime),
    Column("fault", Json),
    Column("refused", String(300)),
    Column("seen_at", UtcTime, nullable=False),
    Index(None, "server"),
)
"""What a server process answers with; one that stops takes its rows away, one that died is not seen again."""
