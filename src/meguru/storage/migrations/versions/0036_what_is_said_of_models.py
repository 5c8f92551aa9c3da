"""What people say of models: owner, use case, baselines; and that one is retired."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    """Bring the schema to this revision."""
    with op.batch_alter_table("registered_model") as batch:
        batch.add_column(sa.Column("owner", sa.String(200), nullable=False, server_default=""))
        batch.add_column(sa.Column("use_case", sa.String(100), nullable=False, server_default=""))
        batch.add_column(sa.Column("baselines", Json, nullable=False, server_default="{}"))
        batch.add_column(sa.Column("retired_at", UtcTime))
        batch.create_index("ix_registered_model_use_case_name", ["use_case", "name"])


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("registered_model") as batch:
        batch.drop_index("ix_registered_model_use_case_name")
        for name in ("retired_at", "baselines", "use_case", "owner"):
            batch.drop_column(name)
