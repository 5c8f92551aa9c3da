"""Feedback on answers, and which of it is taken for the truth."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db.schema import Json, UtcTime

revision = "0055"
down_revision = "0054"


def upgrade() -> None:
    """Bring the schema to this revision; so far no feedback is taken for the truth."""
    op.create_table(
        "feedback",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("endpoint", sa.String(100), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("batch_id", sa.String(64), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("time", UtcTime(length=27)),
        sa.Column("judge", sa.String(200), nullable=False),
        sa.Column("thumb", sa.String(4)),
        sa.Column("rating", sa.Double()),
        sa.Column("label", sa.Text()),
        sa.Column("comment", sa.Text()),
        sa.Column("at", UtcTime(length=27), nullable=False),
        sa.Column("recorded_at", UtcTime(length=27), nullable=False),
        sa.Column("recorded_by", sa.String(200), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
        sa.UniqueConstraint("endpoint", "digest", name="uq_feedback_endpoint_digest"),
    )
    op.create_index("ix_feedback_batch_id_row_judge", "feedback", ["batch_id", "row", "judge"])
    op.create_index("ix_feedback_endpoint_id", "feedback", ["endpoint", "id"])
    op.add_column("endpoint", sa.Column("feedback", Json(), nullable=False, server_default="{}"))


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("endpoint") as batch_op:
        batch_op.drop_column("feedback")
    op.drop_table("feedback")
