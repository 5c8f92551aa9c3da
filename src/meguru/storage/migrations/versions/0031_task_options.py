"""What a model does is told with its options, such as its classes; of what there was only the name is known."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db.schema import Json

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.add_column("model_version", sa.Column("task_options", Json(), nullable=False, server_default="{}"))


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("model_version") as batch_op:
        batch_op.drop_column("task_options")
