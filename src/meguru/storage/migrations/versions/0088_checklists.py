"""Checklists: what is asked, what was answered, what people were told of."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0088"
down_revision = "0087"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "checklist",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("spec", Json, nullable=False),
        sa.Column("retired_at", UtcTime),
    )
    op.create_table(
        "checklist_answer",
        sa.Column("checklist", sa.String(100), primary_key=True),
        sa.Column("item", sa.String(100), primary_key=True),
        sa.Column("model", sa.String(256), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("answer", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
    )
    op.create_index(op.f("ix_checklist_answer_model"), "checklist_answer", ["model"])
    op.create_table(
        "checklist_reminder",
        sa.Column("checklist", sa.String(100), primary_key=True),
        sa.Column("item", sa.String(100), primary_key=True),
        sa.Column("about", sa.String(300), primary_key=True),
        sa.Column("due", sa.String(10), nullable=False),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    for name in ("checklist_reminder", "checklist_answer", "checklist"):
        op.drop_table(name)
