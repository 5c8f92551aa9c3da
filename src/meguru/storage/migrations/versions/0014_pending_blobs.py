"""pending blobs."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "pending_blob",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_pending_blob")),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("pending_blob")
