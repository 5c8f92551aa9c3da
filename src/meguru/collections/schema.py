"""Tables of collections."""

from sqlalchemy import BigInteger, Column, Integer, String, Table

from meguru.storage.db import Json, UtcTime, metadata

collection = Table(
    "collection",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("endpoint", String(100), nullable=False),
    Column("dataset", String(100), nullable=False),
    Column("every", String(100), nullable=False),
    Column("tz", String(64), nullable=False),
    Column("label", String(200), nullable=False),
    Column("only", Json, nullable=False),
    Column("declared_at", UtcTime, nullable=False),
    Column("declared_by", String(200), nullable=False),
    Column("retired_at", UtcTime),
)

collected = Table(
    "collected",
    metadata,
    Column("dataset", String(100), primary_key=True),
    Column("endpoint", String(100), primary_key=True),
    Column("rule", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("version", String(200), nullable=False),
    Column("at", UtcTime, nullable=False),
)
"""What of an endpoint is in a dataset: by which label and filter (`rule`), and the newest version with it."""

collected_day = Table(
    "collected_day",
    metadata,
    Column("dataset", String(100), primary_key=True),
    Column("endpoint", String(100), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("changes", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
)
"""The file of one day's requests, and how often their outcomes had changed when it was written.

A day without rows has no file: its digest is empty.
"""
