"""metrics of steps."""

import sqlalchemy as sa
from alembic import op

import meguru.storage.db.schema

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "pipeline_metrics",
        sa.Column("pipeline_run", sa.String(length=64), nullable=False),
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("series", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("marks", meguru.storage.db.schema.Json(), nullable=False),
        sa.PrimaryKeyConstraint("pipeline_run", name=op.f("pk_pipeline_metrics")),
    )
    with op.batch_alter_table("pipeline_metrics", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pipeline_metrics_run"), ["run"], unique=False)


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("pipeline_metrics", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pipeline_metrics_run"))

    op.drop_table("pipeline_metrics")
