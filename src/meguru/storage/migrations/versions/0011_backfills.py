"""backfills."""

import sqlalchemy as sa
from alembic import op

import meguru.storage.db.schema

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "backfill",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("param", sa.String(length=200), nullable=False),
        sa.Column("params", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("parallel", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(length=10), nullable=False),
        sa.Column("on_failure", sa.String(length=10), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("created_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("finished_at", meguru.storage.db.schema.UtcTime(length=27), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backfill")),
    )
    with op.batch_alter_table("backfill", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_backfill_pipeline_id"), ["pipeline", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_backfill_state"), ["state"], unique=False)

    op.create_table(
        "backfill_partition",
        sa.Column("backfill", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("run", sa.String(length=64), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ran", sa.Integer(), nullable=False),
        sa.Column("cached", sa.Integer(), nullable=False),
        sa.Column("started_at", meguru.storage.db.schema.UtcTime(length=27), nullable=True),
        sa.Column("finished_at", meguru.storage.db.schema.UtcTime(length=27), nullable=True),
        sa.ForeignKeyConstraint(
            ["backfill"], ["backfill.id"], name=op.f("fk_backfill_partition_backfill_backfill")
        ),
        sa.PrimaryKeyConstraint("backfill", "position", name=op.f("pk_backfill_partition")),
        sa.UniqueConstraint("backfill", "key", name=op.f("uq_backfill_partition_backfill_key")),
    )
    with op.batch_alter_table("backfill_partition", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_backfill_partition_backfill_state_position"),
            ["backfill", "state", "position"],
            unique=False,
        )


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("backfill_partition", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_backfill_partition_backfill_state_position"))

    op.drop_table("backfill_partition")
    with op.batch_alter_table("backfill", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_backfill_state"))
        batch_op.drop_index(batch_op.f("ix_backfill_pipeline_id"))

    op.drop_table("backfill")
