"""Which features a deployment's views give, and which an endpoint says."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json

revision = "0071"
down_revision = "0070"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.add_column("deployment", sa.Column("features", Json))
    op.add_column("endpoint", sa.Column("features", sa.String(2000), nullable=False, server_default=""))


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("endpoint") as batch:
        batch.drop_column("features")
    with op.batch_alter_table("deployment") as batch:
        batch.drop_column("features")
