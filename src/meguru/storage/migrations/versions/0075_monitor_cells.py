"""Cells of counts, and what is in none of them yet."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0075"
down_revision = "0074"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "uncounted_batch",
        sa.Column("endpoint", sa.String(100), primary_key=True),
        sa.Column("batch_id", sa.String(64), primary_key=True),
    )
    op.create_table(
        "uncounted_outcomes",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
        ),
        sa.Column("endpoint", sa.String(100), nullable=False),
        sa.Column("first_time", UtcTime, nullable=False),
        sa.Column("last_time", UtcTime, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("changes", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_uncounted_outcomes_endpoint_id", "uncounted_outcomes", ["endpoint", "id"])
    op.create_table(
        "monitor_cell",
        sa.Column("endpoint", sa.String(100), primary_key=True),
        sa.Column("hour", UtcTime, primary_key=True),
        sa.Column("part", sa.String(300), primary_key=True),
        sa.Column("model_ref", sa.String(300), primary_key=True),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("outcomes", sa.BigInteger, nullable=False),
        sa.Column("first_time", UtcTime),
        sa.Column("last_time", UtcTime),
        sa.Column("mark", sa.String(16), nullable=False),
        sa.Column("bins", sa.String(16), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "monitor_counting",
        sa.Column("endpoint", sa.String(100), primary_key=True),
        sa.Column("turn", sa.BigInteger, nullable=False),
        sa.Column("rules", Json, nullable=False),
    )
    # What was recorded before there were cells is counted when a server runs, where a monitor watches.
    op.execute("INSERT INTO uncounted_batch SELECT DISTINCT endpoint, '*' FROM prediction_batch")


def downgrade() -> None:
    """Go back to the revision before."""
    for table in ("monitor_counting", "monitor_cell", "uncounted_outcomes", "uncounted_batch"):
        op.drop_table(table)
