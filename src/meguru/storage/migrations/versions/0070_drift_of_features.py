"""How far the values of features moved."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json

revision = "0070"
down_revision = "0069"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.add_column("feature_profile", sa.Column("drift", Json, nullable=False, server_default="{}"))


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("feature_profile") as batch:
        batch.drop_column("drift")
