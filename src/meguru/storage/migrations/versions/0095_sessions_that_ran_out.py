"""Tokens are found by when they run out: those of sessions go a while later."""

from alembic import op

revision = "0095"
down_revision = "0094"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_index("ix_token_expires_at", "token", ["expires_at"])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_index("ix_token_expires_at", "token")
