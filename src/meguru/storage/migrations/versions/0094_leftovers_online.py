"""What the online store may have under names that are not read is written down, until it is gone."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import UtcTime

revision = "0094"
down_revision = "0093"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "online_leftover",
        sa.Column("stored", sa.String(200), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
    )
    op.create_index("ix_online_leftover_name_version", "online_leftover", ["name", "version"])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("online_leftover")
