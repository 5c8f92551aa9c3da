"""Monitors of datasets."""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.add_column("monitor", sa.Column("dataset", sa.String(100), nullable=False, server_default=""))
    op.add_column("monitor", sa.Column("reference", sa.Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("monitor") as batch:
        batch.drop_column("reference")
        batch.drop_column("dataset")
