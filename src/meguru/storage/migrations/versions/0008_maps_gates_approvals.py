"""maps gates approvals."""

import sqlalchemy as sa
from alembic import op

import meguru.storage.db.schema

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "pipeline_approval",
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=100), nullable=False),
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=True),
        sa.Column("four_eyes", sa.Boolean(), nullable=False),
        sa.Column("shown", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("asked_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("deadline", meguru.storage.db.schema.UtcTime(length=27), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("decided_at", meguru.storage.db.schema.UtcTime(length=27), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run", "step", name=op.f("pk_pipeline_approval")),
    )
    with op.batch_alter_table("pipeline_approval", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_pipeline_approval_state_asked_at"), ["state", "asked_at"], unique=False
        )

    with op.batch_alter_table("pipeline_run", schema=None) as batch_op:
        batch_op.add_column(sa.Column("skipped", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("paused", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("retry_of", sa.String(length=64), nullable=True))
        batch_op.add_column(
            sa.Column("again", meguru.storage.db.schema.Json(), server_default="[]", nullable=False)
        )

    with op.batch_alter_table("step_run", schema=None) as batch_op:
        batch_op.add_column(sa.Column("parent", sa.String(length=100), server_default="", nullable=False))
        batch_op.add_column(sa.Column("items", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("reason", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("due_at", meguru.storage.db.schema.UtcTime(length=27), nullable=True))


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("step_run", schema=None) as batch_op:
        batch_op.drop_column("due_at")
        batch_op.drop_column("reason")
        batch_op.drop_column("items")
        batch_op.drop_column("parent")

    with op.batch_alter_table("pipeline_run", schema=None) as batch_op:
        batch_op.drop_column("again")
        batch_op.drop_column("retry_of")
        batch_op.drop_column("paused")
        batch_op.drop_column("skipped")

    with op.batch_alter_table("pipeline_approval", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pipeline_approval_state_asked_at"))

    op.drop_table("pipeline_approval")
