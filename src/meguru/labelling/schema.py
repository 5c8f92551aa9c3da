"""Tables of samples to label."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from meguru.storage.db import Json, UtcTime, metadata

labelling = Table(
    "labelling",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("endpoint", String(100), nullable=False),
    Column("strategy", String(20), nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("size", Integer, nullable=False),
    Column("labellers", Json, nullable=False),
    Column("labels_per_row", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(200), nullable=False),
    Index(None, "endpoint", "id"),
)

label_turn = Table(
    "label_turn",
    metadata,
    Column("labelling", String(64), ForeignKey("labelling.id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("batch_id", String(64), nullable=False),
    Column("row", Integer, nullable=False),
    Column("labeller", String(200), nullable=False),
    Column("state", String(20), nullable=False),
    Column("label", Text),
    Column("by", String(200), nullable=False),
    Column("at", UtcTime),
    Column("disputed", Boolean, nullable=False),
    Column("decided_by", String(200), nullable=False),
    Index(None, "batch_id", "row"),
)
"""One person's turn at one prediction; `labeller` is empty where whoever may takes it."""
