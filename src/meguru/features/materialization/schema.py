"""Tables of what is online, and of the work that brings it there."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

from meguru.storage.db import Json, UtcTime, metadata

online_view = Table(
    "online_view",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("stored", String(200), nullable=False),
    Column("keys", Json, nullable=False),
    Column("features", Json, nullable=False),
    Column("datasets", Json, nullable=False),
    Column("newest_rows", String(64), nullable=False),
    Column("as_of", UtcTime),
    Column("due", UtcTime),
    Column("rows", BigInteger, nullable=False),
    Column("newest", UtcTime),
    Column("at", UtcTime),
    Column("pushed", BigInteger, nullable=False),
    Column("pushed_at", UtcTime),
    Column("folded", BigInteger, nullable=False),
)
"""What of a version of a view is in the online store; see `OnlineState`."""

online_leftover = Table(
    "online_leftover",
    metadata,
    Column("stored", String(200), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index(None, "name", "version"),
)
"""What the online store may have of a version of a view under names that are not read: rows of other types,
and those of work that has not succeeded. Written before the first of them, and removed after the last."""

materialization = Table(
    "materialization",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    Column("datasets", Json, nullable=False),
    Column("as_of", UtcTime, nullable=False),
    Column("since", UtcTime),
    Column("full", Boolean, nullable=False),
    Column("state", String(20), nullable=False),
    Column("job", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("finished_at", UtcTime),
    Column("target", String(64), nullable=False),
    Column("due", UtcTime),
    Column("total", BigInteger, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("written", BigInteger, nullable=False),
    Column("retracted", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Index(None, "name", "version", "id"),
)
"""`target` is the blob with the rows that are to be online, found once: whoever goes on reads it again. It is
empty before that, and again when all is over."""

pushed_frame = Table(
    "pushed_frame",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
"""What was pushed to a view and is in no version of its source yet: Parquet, in the order of its coming."""
