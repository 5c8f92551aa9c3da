"""How long outcomes took to become known."""

import sqlalchemy as sa
from alembic import op

revision = "0079"
down_revision = "0078"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "outcome_delay",
        sa.Column("endpoint", sa.String(100), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("bucket", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("count", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("outcome_delay")
