"""Only events that have a cause are indexed by it: most have none, and each paid a page of the index."""

import sqlalchemy as sa
from alembic import op

revision = "0093"
down_revision = "0092"
HAS_CAUSE = sa.text("cause IS NOT NULL")


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.drop_index("ix_event_cause", "event")
    op.create_index(
        "ix_event_cause", "event", ["cause"], sqlite_where=HAS_CAUSE, postgresql_where=HAS_CAUSE
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_index("ix_event_cause", "event")
    op.create_index("ix_event_cause", "event", ["cause"])
