"""Notifications: routes, what waits to be told, and messages."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0051"
down_revision = "0050"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "notification",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("to", Json, nullable=False),
        sa.Column("severity", sa.String(20), nullable=False),
        sa.Column("alerts", sa.Boolean, nullable=False),
        sa.Column("events", Json, nullable=False),
        sa.Column("projects", Json, nullable=False),
        sa.Column("hours", sa.String(200), nullable=False),
        sa.Column("dedupe", sa.Double, nullable=False),
        sa.Column("secret", sa.String(200), nullable=False),
        sa.Column("language", sa.String(10), nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("created_seq", sa.BigInteger, nullable=False),
        sa.Column("last_at", UtcTime),
        sa.Column("retired_at", UtcTime),
    )
    op.create_table(
        "notice",
        sa.Column("route", sa.String(100), primary_key=True),
        sa.Column("key", sa.String(450), primary_key=True),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("subject", sa.String(300), nullable=False),
        sa.Column("alert", sa.String(64), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("first_event", sa.String(64), nullable=False),
        sa.Column("last_event", sa.String(64), nullable=False),
        sa.Column("first_at", UtcTime, nullable=False),
        sa.Column("last_at", UtcTime, nullable=False),
    )
    op.create_table(
        "alert_told",
        sa.Column("alert", sa.String(64), primary_key=True),
        sa.Column("route", sa.String(100), primary_key=True),
        sa.Column("at", UtcTime, nullable=False),
    )
    op.create_table(
        "notification_dispatch",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("notification", sa.String(100), nullable=False),
        sa.Column("to", sa.Text, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("at", UtcTime),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("message", Json, nullable=False),
    )
    op.create_index(
        "ix_notification_dispatch_notification_id", "notification_dispatch", ["notification", "id"]
    )
    op.create_table(
        "notification_cursor",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    for table in ("notification_cursor", "notification_dispatch", "alert_told", "notice", "notification"):
        op.drop_table(table)
