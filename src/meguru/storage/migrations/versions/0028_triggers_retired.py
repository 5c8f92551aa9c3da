"""Triggers can be retired."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import UtcTime

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.add_column("trigger", sa.Column("retired_at", UtcTime))


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("trigger") as batch_op:
        batch_op.drop_column("retired_at")
