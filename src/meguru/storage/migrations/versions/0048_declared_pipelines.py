"""What is declared of pipelines, beside the version that is deployed."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db.schema import Json

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.add_column("pipeline", sa.Column("said", Json()))


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("pipeline") as batch:
        batch.drop_column("said")
