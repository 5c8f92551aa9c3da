"""Alerts."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "alert",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project", sa.String(100), nullable=False),
        sa.Column("about", sa.String(300), nullable=False),
        sa.Column("cause", sa.String(100), nullable=False),
        sa.Column("subject", sa.String(300), nullable=False),
        sa.Column("severity", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("reopened", sa.Integer, nullable=False),
        sa.Column("good", sa.Integer, nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("last_event", sa.String(64), nullable=False),
        sa.Column("opened_at", UtcTime, nullable=False),
        sa.Column("last_at", UtcTime, nullable=False),
        sa.Column("evidence", Json, nullable=False),
        sa.Column("muted_until", UtcTime),
        sa.Column("muted_count", sa.BigInteger, nullable=False),
        sa.Column("acknowledged_by", sa.String(200), nullable=False),
        sa.Column("acknowledged_at", UtcTime),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("resolved_by", sa.String(200), nullable=False),
        sa.Column("resolved_at", UtcTime),
        sa.Column("resolved_event", sa.String(64)),
    )
    op.create_index("ix_alert_about_cause_opened_at", "alert", ["about", "cause", "opened_at"])
    op.create_index("ix_alert_cause_project_opened_at", "alert", ["cause", "project", "opened_at"])
    is_open = sa.text("state != 'resolved'")
    op.create_index(
        "ix_alert_open",
        "alert",
        ["about", "cause"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "alert_cursor",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("alert_cursor")
    op.drop_table("alert")
