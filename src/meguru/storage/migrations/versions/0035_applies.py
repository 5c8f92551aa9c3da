"""Applies of project files, and what each file owns."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db.schema import Json, UtcTime

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "apply",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("actions", Json(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("started_by", sa.String(length=200), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("ended_at", UtcTime()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_apply")),
    )
    op.create_index(op.f("ix_apply_owner_id"), "apply", ["owner", "id"])
    op.create_table(
        "owned_thing",
        sa.Column("ref", sa.String(length=200), nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("apply", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_owned_thing")),
    )
    op.create_index(op.f("ix_owned_thing_owner"), "owned_thing", ["owner"])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("owned_thing")
    op.drop_table("apply")
