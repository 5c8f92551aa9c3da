"""Tables of cells."""

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table

from meguru.storage.db import Json, UtcTime, metadata

monitor_cell = Table(
    "monitor_cell",
    metadata,
    Column("endpoint", String(100), primary_key=True),
    Column("hour", UtcTime, primary_key=True),
    Column("part", String(300), primary_key=True),
    Column("model_ref", String(300), primary_key=True),
    Column("rows", BigInteger, nullable=False),
    Column("outcomes", BigInteger, nullable=False),
    Column("first_time", UtcTime),
    Column("last_time", UtcTime),
    Column("checksum", String(16), nullable=False),
    Column("bins", String(16), nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""What was counted of one model's rows of one hour of event time, see `CellKey` for the parts.

`checksum` tells apart what was counted, whatever its order; `bins` names the bins of counts by column.
"""

monitor_counting = Table(
    "monitor_counting",
    metadata,
    Column("endpoint", String(100), primary_key=True),
    Column("turn", BigInteger, nullable=False),
    Column("rules", Json, nullable=False),
)
"""How each endpoint is counted; `turn` goes up with each commit, so that of two who count one is too late."""
