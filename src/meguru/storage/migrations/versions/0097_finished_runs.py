"""Runs are found by when they ended: what budgets have spent lately is asked for each second."""

from alembic import op

revision = "0097"
down_revision = "0096"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_index("ix_pipeline_run_finished_at", "pipeline_run", ["finished_at"])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_index("ix_pipeline_run_finished_at", "pipeline_run")
