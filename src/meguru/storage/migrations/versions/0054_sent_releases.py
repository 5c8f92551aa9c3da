"""Releases that were sent from another environment: what they carry, and where they came from."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db.schema import Json

revision = "0054"
down_revision = "0053"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.add_column("release", sa.Column("identity", sa.String(64), nullable=False, server_default=""))
    op.add_column("release", sa.Column("origin", Json()))


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("release") as batch:
        batch.drop_column("origin")
        batch.drop_column("identity")
