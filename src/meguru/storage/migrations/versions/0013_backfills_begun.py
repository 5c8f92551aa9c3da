"""backfills begun."""

import sqlalchemy as sa
from alembic import op

import meguru.storage.db.schema

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Bring the schema to this revision."""
    with op.batch_alter_table("backfill", schema=None) as batch_op:
        batch_op.add_column(sa.Column("begun_at", meguru.storage.db.schema.UtcTime(length=27), nullable=True))


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("backfill", schema=None) as batch_op:
        batch_op.drop_column("begun_at")
