"""Command lines that ask to be let in."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0053"
down_revision = "0052"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "login_request",
        sa.Column("device_hash", sa.String(64), primary_key=True),
        sa.Column("user_code", sa.String(20), nullable=False),
        sa.Column("machine", sa.String(200), nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("expires_at", UtcTime, nullable=False),
        sa.Column("principal", sa.String(100)),
        sa.Column("scope", Json, nullable=False),
        sa.Column("refused", sa.Boolean, nullable=False),
        sa.UniqueConstraint("user_code", name="uq_login_request_user_code"),
    )
    op.create_index("ix_login_request_expires_at", "login_request", ["expires_at"])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("login_request")
