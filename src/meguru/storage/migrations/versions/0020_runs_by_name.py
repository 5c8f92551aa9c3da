"""Runs of an experiment by their name."""

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_index("ix_run_experiment_name_id", "run", ["experiment", "name", "id"])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_index("ix_run_experiment_name_id", "run")
