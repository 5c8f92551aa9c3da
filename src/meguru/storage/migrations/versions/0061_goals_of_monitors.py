"""At how many outcomes a window that waits for them may have enough."""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.add_column("monitor_clock", sa.Column("outcomes_goal", sa.BigInteger))


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("monitor_clock") as batch:
        batch.drop_column("outcomes_goal")
