"""A webhook is of a project; those that there were are of the default one."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.add_column("webhook", sa.Column("project", sa.String(length=100), nullable=False, server_default=""))


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("webhook") as batch_op:
        batch_op.drop_column("project")
