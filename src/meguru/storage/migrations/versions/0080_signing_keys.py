"""Signing keys."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import UtcTime

revision = "0080"
down_revision = "0079"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "signing_key",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(100), nullable=False),
        sa.Column("owner_kind", sa.String(20), nullable=False),
        sa.Column("algorithm", sa.String(20), nullable=False),
        sa.Column("public", sa.Text, nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("sealed", sa.Text),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("retired_at", UtcTime),
        sa.Column("revoked_at", UtcTime),
        sa.Column("revoked_by", sa.String(200), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index(op.f("ix_signing_key_owner"), "signing_key", ["owner"])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("signing_key")
