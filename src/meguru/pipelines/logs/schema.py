"""Tables of what steps print: one row an attempt, and its newest lines while it runs."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from meguru.storage.db import UtcTime, metadata

step_log = Table(
    "step_log",
    metadata,
    Column("step_run", String(300), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("run", String(64), nullable=False),
    Column("step", String(200), nullable=False),
    Column("begun_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("blob", String(64)),
    Column("lines", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("dropped", BigInteger, nullable=False),
    Index(None, "run"),
    Index(None, "ended_at"),
)

step_log_chunk = Table(
    "step_log_chunk",
    metadata,
    Column("step_run", String(300), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("last_at", UtcTime, nullable=False),
    Column("text", Text, nullable=False),
)
