"""When monitors ring: which inputs matter, seasons, how long a finding must last, and when it is over."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db.schema import Json

revision = "0074"
down_revision = "0073"
# What monitors had that were there before: they go on to ring at once, on whatever drift they alert on.
_COLUMNS = (
    ("important", Json, "[]"),
    ("seasons", Json, "[]"),
    ("persist", Json, '{"windows":1,"of":1}'),
    ("recover", Json, '{"windows":1,"below":1.0}'),
    ("false_discovery_rate", sa.Double, "0.01"),
)


def upgrade() -> None:
    """Bring the schema to this revision."""
    for name, kind, default in _COLUMNS:
        op.add_column("monitor", sa.Column(name, kind, nullable=False, server_default=default))


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("monitor") as batch:
        for name, *_ in reversed(_COLUMNS):
            batch.drop_column(name)
