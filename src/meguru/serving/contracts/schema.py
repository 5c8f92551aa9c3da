"""Tables of contracts and of those who speak them."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, String, Table, Text

from meguru.storage.db import Json, UtcTime, metadata

contract = Table(
    "contract",
    metadata,
    Column("endpoint", String(100), ForeignKey("endpoint.name"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("task", String(50), nullable=False),
    Column("inputs", Json, nullable=False),
    Column("outputs", Json, nullable=False),
    Column("default", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("note", Text, nullable=False),
    Column("retired_at", UtcTime),
)
"""At most one of an endpoint's contracts is the default; a version changes in that, and in its end, only."""

consumer = Table(
    "consumer",
    metadata,
    Column("endpoint", String(100), ForeignKey("endpoint.name"), primary_key=True),
    Column("contract", Integer, primary_key=True, autoincrement=False),
    Column("principal", String(200), primary_key=True),
    Column("requests", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("first_seen", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False),
)
"""Written by the servers every few seconds; beyond some hundreds of principals they are counted as one."""
