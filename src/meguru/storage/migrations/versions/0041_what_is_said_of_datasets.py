"""What is said of datasets, and which are retired."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.add_column("dataset", sa.Column("spec", Json))
    op.add_column("dataset", sa.Column("retired_at", UtcTime))


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("dataset") as batch:
        batch.drop_column("retired_at")
        batch.drop_column("spec")
