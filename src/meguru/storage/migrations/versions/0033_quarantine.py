"""Objects in quarantine."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "quarantine",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project", sa.String(100), nullable=False),
        sa.Column("model", sa.String(256), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("file", sa.String(200), nullable=False),
        sa.Column("tree", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("listing", Json, nullable=False),
        sa.Column("unknown", Json, nullable=False),
        sa.Column("evidence", Json, nullable=False),
        sa.Column("has_example", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("run", sa.String(200), nullable=False),
        sa.Column("step", sa.String(200), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("expires_at", UtcTime, nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("conversion", Json),
        sa.Column("decided_at", UtcTime),
        sa.Column("decided_by", sa.String(200), nullable=False),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("version", sa.String(300), nullable=False),
    )
    op.create_index("ix_quarantine_state_expires_at", "quarantine", ["state", "expires_at"])
    op.create_index("ix_quarantine_run", "quarantine", ["run"])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("quarantine")
