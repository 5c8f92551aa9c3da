"""queue by lanes."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Bring the schema to this revision."""
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index(
            "ix_job_lane",
            ["state", "lane", sa.literal_column("priority DESC"), "not_before", "id", "kind"],
            unique=False,
        )


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index("ix_job_lane")
