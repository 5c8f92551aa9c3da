"""What was measured of the files of datasets."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import UtcTime

revision = "0068"
down_revision = "0067"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "dataset_measurement",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("by", sa.String(200), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("files", sa.BigInteger, nullable=False),
        sa.Column("dimensions", sa.Integer, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("removed_at", UtcTime),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("dataset_measurement")
