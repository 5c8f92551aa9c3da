"""Files of datasets that hold personal columns in clear."""

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "private_blob",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("dataset", sa.String(100), primary_key=True),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("private_blob")
