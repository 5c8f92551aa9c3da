"""Who was erased, as marks."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0085"
down_revision = "0084"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "erasure",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("columns", Json, nullable=False),
        sa.Column("marks", Json, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("found", Json, nullable=False),
        sa.Column("models", Json, nullable=False),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("erasure")
