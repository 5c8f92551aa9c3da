"""Roles, groups and grants that people declare; who signs in as whom; where a token came from."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "access_rule",
        sa.Column("kind", sa.String(50), primary_key=True),
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("spec", Json, nullable=False),
        sa.Column("retired_at", UtcTime),
    )
    op.create_table(
        "access_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", sa.String(64), nullable=False),
    )
    op.create_table(
        "identity",
        sa.Column("provider", sa.String(100), primary_key=True),
        sa.Column("subject", sa.String(255), primary_key=True),
        sa.Column("principal", sa.String(100), sa.ForeignKey("principal.name"), nullable=False),
        sa.Column("claims", Json, nullable=False),
        sa.Column("seen_at", UtcTime, nullable=False),
        sa.Column("claims_until", UtcTime, nullable=False),
    )
    op.create_index("ix_identity_principal", "identity", ["principal"])
    op.add_column("token", sa.Column("origin", sa.String(20), nullable=False, server_default=""))
    op.add_column("token", sa.Column("trust", sa.String(100), nullable=False, server_default=""))
    op.add_column("token", sa.Column("claims", Json, nullable=False, server_default="{}"))


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("token") as batch:
        for column in ("claims", "trust", "origin"):
            batch.drop_column(column)
    for table in ("identity", "access_head", "access_rule"):
        op.drop_table(table)
