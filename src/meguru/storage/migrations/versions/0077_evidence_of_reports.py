"""What a report shows beside its findings."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json

revision = "0077"
down_revision = "0076"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "report_evidence",
        sa.Column("report", sa.String(64), sa.ForeignKey("monitor_report.id"), primary_key=True),
        sa.Column("body", Json(), nullable=False),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("report_evidence")
