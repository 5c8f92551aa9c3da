"""Blobs with rows of who was erased, until they are deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0072"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table("erased_blob", sa.Column("digest", sa.String(64), primary_key=True))


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("erased_blob")
