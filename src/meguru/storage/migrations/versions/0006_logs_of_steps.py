"""logs of steps."""

import sqlalchemy as sa
from alembic import op

import meguru.storage.db.schema

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "step_log",
        sa.Column("step_run", sa.String(length=300), nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=200), nullable=False),
        sa.Column("begun_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("ended_at", meguru.storage.db.schema.UtcTime(length=27), nullable=True),
        sa.Column("blob", sa.String(length=64), nullable=True),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("dropped", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("step_run", "attempt", name=op.f("pk_step_log")),
    )
    with op.batch_alter_table("step_log", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_step_log_ended_at"), ["ended_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_step_log_run"), ["run"], unique=False)

    op.create_table(
        "step_log_chunk",
        sa.Column("step_run", sa.String(length=300), nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("step_run", "attempt", "seq", name=op.f("pk_step_log_chunk")),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("step_log_chunk")
    with op.batch_alter_table("step_log", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_step_log_run"))
        batch_op.drop_index(batch_op.f("ix_step_log_ended_at"))

    op.drop_table("step_log")
