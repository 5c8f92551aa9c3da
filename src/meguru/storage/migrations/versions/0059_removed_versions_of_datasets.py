"""Versions of datasets may be removed."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import UtcTime

revision = "0059"
down_revision = "0058"


def upgrade() -> None:
    """Bring the schema to this revision."""
    with op.batch_alter_table("dataset_version") as table:
        table.add_column(sa.Column("removed_at", UtcTime))
        table.add_column(sa.Column("freed_at", UtcTime))


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("dataset_version") as table:
        table.drop_column("freed_at")
        table.drop_column("removed_at")
