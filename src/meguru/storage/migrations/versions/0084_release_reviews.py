"""Release policies, reviews of releases, and whose account a principal is."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0084"
down_revision = "0083"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "release_policy",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("spec", Json, nullable=False),
    )
    op.create_table(
        "review_request",
        sa.Column("endpoint", sa.String(100), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("parts", Json, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("everybody", Json, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("voided", sa.String(64), nullable=False, server_default=""),
    )
    op.create_table(
        "release_approval",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("endpoint", sa.String(100), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("decision", sa.String(20), nullable=False),
        sa.Column("principal", sa.String(100), nullable=False),
        sa.Column("person", sa.String(300), nullable=False),
        sa.Column("rights", Json, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("policies", Json, nullable=False),
        sa.Column("saw", sa.String(64), nullable=False),
        sa.Column("parts", Json, nullable=False),
        sa.Column("envelope", sa.Text, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("own_key", sa.Boolean, nullable=False),
        sa.Column("door", sa.String(300), nullable=False),
        sa.Column("withdrawn_at", UtcTime),
        sa.Column("withdrawal", sa.Text, nullable=False),
    )
    op.create_index("ix_release_approval_endpoint_version", "release_approval", ["endpoint", "version"])
    op.create_table(
        "broken_glass",
        sa.Column("endpoint", sa.String(100), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("person", sa.String(300), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("lacked", Json, nullable=False),
        sa.Column("people", sa.Integer, nullable=False),
        sa.Column("due_at", UtcTime, nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("envelope", sa.Text, nullable=False),
        sa.Column("answered_at", UtcTime),
    )
    op.add_column("principal", sa.Column("person", sa.String(200), nullable=False, server_default=""))


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("principal") as batch:
        batch.drop_column("person")
    for name in ("broken_glass", "release_approval", "review_request", "release_policy"):
        op.drop_table(name)
