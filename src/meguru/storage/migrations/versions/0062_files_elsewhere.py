"""Which environment has the files of a dataset's version that was sent without them."""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.add_column(
        "dataset_version", sa.Column("elsewhere", sa.String(200), nullable=False, server_default="")
    )


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("dataset_version") as batch:
        batch.drop_column("elsewhere")
