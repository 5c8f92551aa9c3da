"""What steps used of the machine; prices and budgets."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0090"
down_revision = "0089"
_USED = ("busy_seconds", "cpu_seconds", "gpu_seconds", "memory_gb_seconds")


def upgrade() -> None:
    """Bring the schema to this revision."""
    for name in _USED:
        op.add_column("step_run", sa.Column(name, sa.Double))
    op.create_table(
        "price_list",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("spec", Json, nullable=False),
        sa.Column("retired_at", UtcTime),
    )
    op.create_table(
        "budget",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("spec", Json, nullable=False),
        sa.Column("start", UtcTime),
        sa.Column("spent", sa.Double, nullable=False),
        sa.Column("warned", sa.Boolean, nullable=False),
        sa.Column("exceeded", sa.Boolean, nullable=False),
        sa.Column("counted_at", UtcTime),
        sa.Column("retired_at", UtcTime),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("budget")
    op.drop_table("price_list")
    for name in _USED:
        op.drop_column("step_run", name)
