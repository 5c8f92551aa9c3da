"""points in chunks."""

import sys
from array import array
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

LOOSE = "loose >= 512"


def upgrade() -> None:
    """Bring the schema to this revision; the server joins what is loose later, bit by bit."""
    op.create_table(
        "run_chunk",
        sa.Column("series", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("step", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("minimum", sa.Double(), nullable=True),
        sa.Column("maximum", sa.Double(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("series", "step", "at", name=op.f("pk_run_chunk")),
    )
    op.add_column("run_series", sa.Column("loose", sa.BigInteger(), server_default="0", nullable=False))
    op.execute("UPDATE run_series SET loose = count WHERE count >= 512")
    op.create_index(
        "ix_run_series_loose",
        "run_series",
        ["loose"],
        sqlite_where=sa.text(LOOSE),
        postgresql_where=sa.text(LOOSE),
    )


def downgrade() -> None:
    """Go back to the revision before; each point is a row again."""
    tx = op.get_bind()
    chunks = sa.text("SELECT series, step, at, count, data FROM run_chunk ORDER BY series, step, at LIMIT 16")
    insert = sa.text(
        "INSERT INTO run_point (series, step, at, seq, value) VALUES (:s, :step, :at, 0, :value)"
    )
    delete = sa.text("DELETE FROM run_chunk WHERE series = :s AND step = :step AND at = :at")
    while found := tx.execute(chunks).all():
        for chunk in found:
            tx.execute(insert, list(_points(*chunk)))
            tx.execute(delete, {"s": chunk.series, "step": chunk.step, "at": chunk.at})
    op.drop_index("ix_run_series_loose", "run_series")
    op.drop_column("run_series", "loose")
    op.drop_table("run_chunk")


def _points(series: int, step: int, at: int, count: int, data: bytes) -> Iterator[dict[str, Any]]:
    letters, rest = data[:3].decode(), data[3:]
    columns = []
    for letter, first in zip(letters, (step, at), strict=False):
        apart = array("q" if letter == "=" else letter)
        size = apart.itemsize * (1 if letter == "=" else count - 1)
        apart.frombytes(rest[:size])
        rest = rest[size:]
        if sys.byteorder == "big":
            apart.byteswap()
        columns.append(accumulate(apart * (count - 1) if letter == "=" else apart, initial=first))
    values = array(letters[2].lower())
    values.frombytes(rest)
    if sys.byteorder == "big":
        values.byteswap()
    for point in zip(*columns, values, strict=True):
        value = point[2] if point[2] == point[2] else None
        yield {"s": series, "step": point[0], "at": point[1], "value": value}
