"""A match that comes while a trigger can't fire is owed: at most one for each trigger."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
OWED = sa.text("state = 'owed'")


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_index(
        "ix_firing_owed", "firing", ["trigger"], unique=True, sqlite_where=OWED, postgresql_where=OWED
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_index("ix_firing_owed", table_name="firing")
