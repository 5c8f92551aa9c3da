"""sweeps."""

import sqlalchemy as sa
from alembic import op

import meguru.storage.db.schema

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "sweep",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("space", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("params", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("metric", sa.String(length=250), nullable=False),
        sa.Column("goal", sa.String(length=10), nullable=False),
        sa.Column("sampler", sa.String(length=20), nullable=False),
        sa.Column("pruner", sa.String(length=20), nullable=False),
        sa.Column("trials", sa.Integer(), nullable=False),
        sa.Column("parallel", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("timeout", sa.Double(), nullable=True),
        sa.Column("target", sa.Double(), nullable=True),
        sa.Column("max_failed", sa.Integer(), nullable=False),
        sa.Column("job", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("created_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("forgiven", sa.Integer(), nullable=False),
        sa.Column("deadline", meguru.storage.db.schema.UtcTime(length=27), nullable=True),
        sa.Column("finished_at", meguru.storage.db.schema.UtcTime(length=27), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweep")),
    )
    with op.batch_alter_table("sweep", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sweep_pipeline_id"), ["pipeline", "id"], unique=False)

    op.create_table(
        "sweep_trial",
        sa.Column("sweep", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("params", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("step", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("started_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("finished_at", meguru.storage.db.schema.UtcTime(length=27), nullable=True),
        sa.PrimaryKeyConstraint("sweep", "number", name=op.f("pk_sweep_trial")),
    )
    with op.batch_alter_table("sweep_trial", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sweep_trial_run"), ["run"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_sweep_trial_sweep_state_value"), ["sweep", "state", "value"], unique=False
        )


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("sweep_trial", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sweep_trial_sweep_state_value"))
        batch_op.drop_index(batch_op.f("ix_sweep_trial_run"))

    op.drop_table("sweep_trial")
    with op.batch_alter_table("sweep", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sweep_pipeline_id"))

    op.drop_table("sweep")
