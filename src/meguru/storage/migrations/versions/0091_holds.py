"""Legal holds, and rules of retention."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0091"
down_revision = "0090"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("about", sa.String(300), nullable=False),
        sa.Column("marks", Json, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("until", UtcTime),
        sa.Column("placed_at", UtcTime, nullable=False),
        sa.Column("placed_by", sa.String(200), nullable=False),
        sa.Column("released_at", UtcTime),
        sa.Column("released_by", sa.String(200), nullable=False, server_default=""),
        sa.Column("released_why", sa.Text, nullable=False, server_default=""),
    )
    op.create_table(
        "retention",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("spec", Json, nullable=False),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("retention")
    op.drop_table("legal_hold")
