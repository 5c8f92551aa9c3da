"""Waivers of gates."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0082"
down_revision = "0081"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "waiver",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("endpoint", sa.String(100), nullable=False),
        sa.Column("model", sa.String(300), nullable=False),
        sa.Column("gate", sa.String(100), nullable=False),
        sa.Column("declaration", Json, nullable=False),
        sa.Column("declaration_digest", sa.String(64), nullable=False),
        sa.Column("inputs", Json, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("release", sa.String(300), nullable=False),
        sa.Column("authors", Json, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("asked_by", sa.String(200), nullable=False),
        sa.Column("asked_at", UtcTime, nullable=False),
        sa.Column("expires_at", UtcTime, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("decided_by", sa.String(200), nullable=False),
        sa.Column("decided_at", UtcTime),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("ended_by", sa.String(200), nullable=False),
        sa.Column("ended_at", UtcTime),
        sa.Column("ended_why", sa.Text, nullable=False),
        sa.Column("leaned_on_by", sa.String(300), nullable=False),
        sa.Column("warned_at", UtcTime),
    )
    op.create_index(op.f("ix_waiver_endpoint_model"), "waiver", ["endpoint", "model"])
    op.create_index(op.f("ix_waiver_model"), "waiver", ["model"])
    op.create_index(op.f("ix_waiver_state_expires_at"), "waiver", ["state", "expires_at"])
    op.create_index(op.f("ix_waiver_leaned_on_by"), "waiver", ["leaned_on_by"])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("waiver")
