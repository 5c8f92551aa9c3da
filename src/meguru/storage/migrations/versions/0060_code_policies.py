"""Policies of code, and what CI told of commits."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db.schema import Json, UtcTime

revision = "0060"
down_revision = "0059"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "policy",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("spec", Json(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_policy")),
    )
    op.create_table(
        "attested_commit",
        sa.Column("commit", sa.String(length=100), nullable=False),
        sa.Column("branch", sa.String(length=300), nullable=False),
        sa.Column("repository", sa.String(length=300), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("approved_by", Json(), nullable=False),
        sa.Column("pull_request", sa.Text(), nullable=False),
        sa.Column("told_by", sa.String(length=200), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("commit", "branch", name=op.f("pk_attested_commit")),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("attested_commit")
    op.drop_table("policy")
