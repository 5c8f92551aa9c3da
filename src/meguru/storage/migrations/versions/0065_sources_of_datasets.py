"""Where the sources of datasets stand, and how they were read."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db.schema import Json, UtcTime

revision = "0065"
down_revision = "0064"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "dataset_source",
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("next_at", UtcTime(length=27)),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("pull", sa.String(64), nullable=False),
        sa.Column("of", sa.String(64), nullable=False),
        sa.Column("position", Json()),
        sa.PrimaryKeyConstraint("name", name="pk_dataset_source"),
    )
    op.create_index("ix_dataset_source_next_at", "dataset_source", ["next_at"])
    op.create_table(
        "dataset_pull",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("dataset", sa.String(100), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("asked_at", UtcTime(length=27), nullable=False),
        sa.Column("asked_by", sa.String(200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("full", sa.Boolean(), nullable=False),
        sa.Column("evolve", sa.Boolean(), nullable=False),
        sa.Column("finished_at", UtcTime(length=27)),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("job", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_dataset_pull"),
    )
    op.create_index("ix_dataset_pull_dataset_id", "dataset_pull", ["dataset", "id"])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("dataset_pull")
    op.drop_table("dataset_source")
