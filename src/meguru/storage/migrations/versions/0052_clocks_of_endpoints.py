"""How long an endpoint may take from new data to a new model."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.add_column("endpoint", sa.Column("renew_within", sa.Double, nullable=False, server_default="0"))


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("endpoint") as batch:
        batch.drop_column("renew_within")
