"""What came of the expectations of datasets."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0063"
down_revision = "0062"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "dataset_check",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("results", Json, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
    )
    op.create_index("ix_dataset_check_name_id", "dataset_check", ["name", "id"])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("dataset_check")
