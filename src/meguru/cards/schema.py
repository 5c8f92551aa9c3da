"""Tables of cards."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from meguru.storage.db import Json, UtcTime, metadata

card = Table(
    "card",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("about", String(250), nullable=False),
    Column("words", Json, nullable=False),
    Column("retired_at", UtcTime),
    Index(None, "about"),
)
"""The words about a thing, named in full without its version; each thing has one present card."""

card_part_review = Table(
    "card_part_review",
    metadata,
    Column("card", String(100), primary_key=True),
    Column("part", String(80), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("version", String(300), nullable=False),
    Column("traits", Json, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", String(200), nullable=False),
)
"""For which version a part was looked at last, by whom, and what that was like; `digest` of its text."""

kept_card = Table(
    "kept_card",
    metadata,
    Column("about", String(300), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("body", Json, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", String(200), nullable=False),
    Column("reason", String(300), nullable=False),
    Column("event", String(64), nullable=False),
)
"""What the card of a version said when it was kept."""

card_cursor = Table(
    "card_cursor",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
)
"""How far the follower has read the log."""
