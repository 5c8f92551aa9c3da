"""The files that a step read stand beside its output."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db.schema import Json

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.add_column("step_run", sa.Column("files", Json(), nullable=False, server_default="[]"))


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_column("step_run", "files")
