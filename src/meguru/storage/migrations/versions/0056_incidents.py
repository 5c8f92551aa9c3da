"""Incidents; a notice has no text of its own."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0056"
down_revision = "0055"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "incident",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project", sa.String(100), nullable=False),
        sa.Column("about", sa.String(300), nullable=False),
        sa.Column("alert", sa.String(64), nullable=False),
        sa.Column("severity", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("opened_at", UtcTime, nullable=False),
        sa.Column("opened_by", sa.String(200), nullable=False),
        sa.Column("closed_at", UtcTime),
        sa.Column("closed_by", sa.String(200), nullable=False),
        sa.Column("conclusion", sa.Text, nullable=False),
        sa.Column("tests", Json, nullable=False),
    )
    op.create_index("ix_incident_opened_at", "incident", ["opened_at"])
    is_open = sa.text("state = 'open'")
    op.create_index(
        "ix_incident_open", "incident", ["about"], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )
    op.create_table(
        "incident_note",
        sa.Column("incident", sa.String(64), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("test", sa.String(300), nullable=False),
    )
    with op.batch_alter_table("notice") as batch:
        batch.drop_column("text")


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("notice") as batch:
        batch.add_column(sa.Column("text", sa.Text, nullable=False, server_default=""))
    op.drop_table("incident_note")
    op.drop_table("incident")
