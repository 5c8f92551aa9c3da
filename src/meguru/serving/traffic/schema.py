"""The table of what was counted of endpoints' requests."""

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Index, Integer, String, Table

from meguru.storage.db import Json, UtcTime, metadata

endpoint_traffic = Table(
    "endpoint_traffic",
    metadata,
    Column("endpoint", String(100), ForeignKey("endpoint.name"), primary_key=True),
    Column("start", UtcTime, primary_key=True),
    Column("span", Integer, primary_key=True, autoincrement=False),
    Column("server", String(100), primary_key=True),
    Column("requests", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("errors", BigInteger, nullable=False),
    Column("turned_away", BigInteger, nullable=False),
    Column("watched", BigInteger, nullable=False),
    Column("busy", Double, nullable=False),
    Column("cpu", Double, nullable=False),
    Column("latencies", Json, nullable=False),
    Index(None, "span", "start"),
)
"""One row a minute, endpoint and server: each server writes its own rows again and again, never another's.

Old minutes become hours, of no server in particular. A window is the sum of the rows that begin in it.
"""
