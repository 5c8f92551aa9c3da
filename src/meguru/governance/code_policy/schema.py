"""Tables of policies, and of what CI told of commits."""

from sqlalchemy import Column, String, Table, Text

from meguru.storage.db import Json, UtcTime, metadata

policy = Table(
    "policy",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("spec", Json, nullable=False),
)

attested_commit = Table(
    "attested_commit",
    metadata,
    Column("commit", String(100), primary_key=True),
    Column("branch", String(300), primary_key=True),
    Column("repository", String(300), nullable=False),
    Column("author", String(200), nullable=False),
    Column("approved_by", Json, nullable=False),
    Column("pull_request", Text, nullable=False),
    Column("reported_by", String(200), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("event", String(64), nullable=False),
)
"""The newest word on a commit of a branch."""
