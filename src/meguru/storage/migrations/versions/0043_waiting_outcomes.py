"""Outcomes may wait for their predictions; changes of outcomes are counted by day."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db.schema import UtcTime

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    """Bring the schema to this revision; each outcome that is there counts as one change."""
    op.create_table(
        "waiting_outcome",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("endpoint", sa.String(100), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("batch_id", sa.String(64), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("time", UtcTime(length=27)),
        sa.Column("json", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(length=27), nullable=False),
        sa.Column("recorded_at", UtcTime(length=27), nullable=False),
        sa.Column("recorded_by", sa.String(200), nullable=False),
        sa.Column("problem", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_waiting_outcome"),
        sa.UniqueConstraint("endpoint", "digest", name="uq_waiting_outcome_endpoint_digest"),
    )
    op.create_table(
        "outcome_day",
        sa.Column("endpoint", sa.String(100), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("endpoint", "day", name="pk_outcome_day"),
    )
    op.execute(
        "INSERT INTO outcome_day (endpoint, day, changes) "
        "SELECT b.endpoint, substr(b.received_at, 1, 10), count(*) FROM outcome o "
        "JOIN prediction_batch b ON b.id = o.batch_id GROUP BY b.endpoint, substr(b.received_at, 1, 10)"
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("outcome_day")
    op.drop_table("waiting_outcome")
