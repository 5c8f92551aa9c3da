"""Reports that are sent by the calendar."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0092"
down_revision = "0091"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "scheduled_report",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("spec", Json, nullable=False),
        sa.Column("declared_by", sa.String(200), nullable=False),
        sa.Column("due_at", UtcTime),
        sa.Column("retired_at", UtcTime),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("scheduled_report")
