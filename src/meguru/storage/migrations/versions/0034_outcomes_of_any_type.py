"""Outcomes of any type, found by the client's own key too, and none that was recorded is ever lost."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db.schema import UtcTime

revision = "0034"
down_revision = "0033"


def _said() -> list[sa.Column[object]]:
    return [
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("json", sa.Text(), nullable=True),
        sa.Column("at", UtcTime(length=27), nullable=False),
        sa.Column("recorded_at", UtcTime(length=27), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
    ]


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "prediction_key",
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("endpoint", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("time", UtcTime(length=27), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["prediction_batch.id"], name="fk_prediction_key_batch_id_prediction_batch"
        ),
        sa.PrimaryKeyConstraint("batch_id", "row", name="pk_prediction_key"),
    )
    op.create_index("ix_prediction_key_endpoint_key_time", "prediction_key", ["endpoint", "key", "time"])
    op.create_table(
        "earlier_outcome",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        *_said(),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["prediction_batch.id"], name="fk_earlier_outcome_batch_id_prediction_batch"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_earlier_outcome"),
    )
    op.create_index("ix_earlier_outcome_batch_id_row", "earlier_outcome", ["batch_id", "row"])
    with op.batch_alter_table("outcome") as batch_op:
        batch_op.alter_column("value", existing_type=sa.Double(), nullable=True)
        batch_op.add_column(sa.Column("json", sa.Text(), nullable=True))
        batch_op.add_column(
            sa.Column("recorded_by", sa.String(length=200), nullable=False, server_default="")
        )


def downgrade() -> None:
    """Go back to the revision before."""
    op.execute("DELETE FROM outcome WHERE value IS NULL")
    with op.batch_alter_table("outcome") as batch_op:
        batch_op.drop_column("recorded_by")
        batch_op.drop_column("json")
        batch_op.alter_column("value", existing_type=sa.Double(), nullable=False)
    op.drop_table("earlier_outcome")
    op.drop_table("prediction_key")
