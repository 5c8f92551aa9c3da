"""Life-cycle stages of versions, by a policy of their model."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.add_column("registered_model", sa.Column("stages", Json, nullable=False, server_default="[]"))
    op.add_column("model_version", sa.Column("stage", sa.String(60), nullable=False, server_default=""))


def downgrade() -> None:
    """Go back to the revision before."""
    for table, column in (("model_version", "stage"), ("registered_model", "stages")):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)
