"""Tables of uploads in parts."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table

from meguru.storage.db import UtcTime, metadata

upload = Table(
    "upload",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("target", String(1000), nullable=False),
    Column("parts", Integer, nullable=False),
    Column("principal", String(100), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
    Column("digest", String(64), nullable=False),
)

upload_part = Table(
    "upload_part",
    metadata,
    Column("upload", String(64), ForeignKey("upload.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
)
