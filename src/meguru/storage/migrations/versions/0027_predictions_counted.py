"""What each endpoint answered is counted as it happens."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db.schema import UtcTime

revision = "0027"
down_revision = "0026"

FILL = sa.text(
    "INSERT INTO prediction_count (endpoint, shard, predictions, requests, outcomes, last_received_at) "
    "SELECT endpoint, 0, sum(n), count(*), 0, max(received_at) FROM prediction_batch GROUP BY endpoint"
)
OUTCOMES = sa.text(
    "UPDATE prediction_count SET outcomes = (SELECT count(*) FROM outcome JOIN prediction_batch "
    "ON prediction_batch.id = outcome.batch_id WHERE prediction_batch.endpoint = prediction_count.endpoint)"
)


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "prediction_count",
        sa.Column("endpoint", sa.String(100), nullable=False),
        sa.Column("shard", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("predictions", sa.BigInteger(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("outcomes", sa.BigInteger(), nullable=False),
        sa.Column("last_received_at", UtcTime(length=27)),
        sa.PrimaryKeyConstraint("endpoint", "shard", name="pk_prediction_count"),
    )
    tx = op.get_bind()
    tx.execute(FILL)
    tx.execute(OUTCOMES)


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("prediction_count")
