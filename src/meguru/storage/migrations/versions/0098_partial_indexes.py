"""What every change writes is indexed only where the index is asked: events by their cause, outputs by key."""

import sqlalchemy as sa
from alembic import op

revision = "0098"
down_revision = "0097"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.drop_index("ix_event_cause", "event")
    _partial("ix_event_cause", "event", ["cause"], "cause IS NOT NULL")
    op.drop_index("ix_step_run_key_state", "step_run")
    _partial("ix_step_run_key_id", "step_run", ["key", "id"], "state = 'succeeded'")


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_index("ix_step_run_key_id", "step_run")
    op.create_index("ix_step_run_key_state", "step_run", ["key", "state"])
    op.drop_index("ix_event_cause", "event")
    op.create_index("ix_event_cause", "event", ["cause"])
