"""What people say about things, what they follow, and their inboxes."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0083"
down_revision = "0082"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "comment",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("about", sa.String(300), nullable=False),
        sa.Column("project", sa.String(100), nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("mentions", Json, nullable=False),
        sa.Column("reply_to", sa.String(64), nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("edited_at", UtcTime),
        sa.Column("removed_at", UtcTime),
        sa.Column("removed_by", sa.String(200), nullable=False),
    )
    op.create_index("ix_comment_about_id", "comment", ["about", "id"])
    op.create_index("ix_comment_project_id", "comment", ["project", "id"])
    op.create_table(
        "subscription",
        sa.Column("principal", sa.String(200), primary_key=True),
        sa.Column("about", sa.String(300), primary_key=True),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("muted", sa.Boolean, nullable=False),
    )
    op.create_index("ix_subscription_about", "subscription", ["about"])
    op.create_table(
        "inbox_item",
        sa.Column("principal", sa.String(200), primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("subject", sa.String(300), nullable=False),
        sa.Column("about", sa.String(300), nullable=False),
        sa.Column("project", sa.String(100), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("why", sa.String(20), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
    )
    op.create_table(
        "inbox_settings",
        sa.Column("principal", sa.String(200), primary_key=True),
        sa.Column("mail", sa.Text, nullable=False),
        sa.Column("hours", sa.String(200), nullable=False),
        sa.Column("dedupe", sa.Double, nullable=False),
        sa.Column("language", sa.String(10), nullable=False),
        sa.Column("read_seq", sa.BigInteger, nullable=False),
        sa.Column("mailed_seq", sa.BigInteger, nullable=False),
        sa.Column("mailed_at", UtcTime),
    )
    op.create_table(
        "inbox_cursor",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    for table in ("inbox_cursor", "inbox_settings", "inbox_item", "subscription", "comment"):
        op.drop_table(table)
