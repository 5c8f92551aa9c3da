"""Which features a function returns is found where it is declared; rows that were left out are counted."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json

revision = "0067"
down_revision = "0066"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.add_column("feature_code", sa.Column("features", Json, nullable=False, server_default="{}"))
    op.add_column("feature_profile", sa.Column("dropped", sa.Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("feature_profile") as batch:
        batch.drop_column("dropped")
    with op.batch_alter_table("feature_code") as batch:
        batch.drop_column("features")
