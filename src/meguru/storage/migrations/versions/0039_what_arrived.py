"""Which event times were touched, counted with what arrives."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db.schema import UtcTime

revision = "0039"
down_revision = "0038"
_NEW = ("arrived_at", "last_time", "known_until", "touched_from", "touched_until")


def upgrade() -> None:
    """Bring the schema to this revision; what is there already was not touched."""
    for name in _NEW:
        op.add_column("prediction_count", sa.Column(name, UtcTime(length=27), nullable=True))
    op.execute(
        "UPDATE prediction_count SET arrived_at = last_received_at, last_time = (SELECT max(last_time) FROM prediction_batch"
        " WHERE prediction_batch.endpoint = prediction_count.endpoint)"
    )


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("prediction_count") as batch:
        for name in reversed(_NEW):
            batch.drop_column(name)
