"""A webhook may be told of all our events, by patterns of their types."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.add_column("webhook", sa.Column("events", Json, nullable=False, server_default="[]"))
    with op.batch_alter_table("webhook_delivery") as batch:
        batch.alter_column(
            "topic", existing_type=sa.String(60), type_=sa.String(100), existing_nullable=False
        )


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("webhook_delivery") as batch:
        batch.alter_column(
            "topic", existing_type=sa.String(100), type_=sa.String(60), existing_nullable=False
        )
    with op.batch_alter_table("webhook") as batch:
        batch.drop_column("events")
