"""Signed checkpoints of the log."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0087"
down_revision = "0086"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "checkpoint",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("spec", Json, nullable=False),
    )
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "tree_head",
        sa.Column("size", number, primary_key=True, autoincrement=False),
        sa.Column("origin", sa.String(100), nullable=False),
        sa.Column("root", sa.String(64), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("peaks", Json, nullable=False),
    )
    op.create_table(
        "checkpoint_place",
        sa.Column("checkpoint", sa.String(100), primary_key=True),
        sa.Column("place", sa.String(500), primary_key=True),
        sa.Column("written", sa.BigInteger, nullable=False),
        sa.Column("written_at", UtcTime),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("told", sa.Boolean, nullable=False),
        sa.Column("try_at", UtcTime, nullable=False),
        sa.Column("lease_owner", sa.String(100)),
        sa.Column("lease_until", UtcTime),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("checkpoint_place")
    op.drop_table("tree_head")
    op.drop_table("checkpoint")
