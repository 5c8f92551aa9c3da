"""Signatures of model versions."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import UtcTime

revision = "0089"
down_revision = "0088"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "model_signature",
        sa.Column("name", sa.String(256), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("public", sa.Text, nullable=False),
        sa.Column("bundle", sa.Text, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("model_signature")
