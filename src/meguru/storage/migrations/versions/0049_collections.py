"""Outcomes become data: collections, what they wrote, and what is kept out."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db.schema import Json, UtcTime

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "excluded_prediction",
        sa.Column("batch_id", sa.String(64), nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(length=27), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["prediction_batch.id"], name="fk_excluded_prediction_batch_id_prediction_batch"
        ),
        sa.PrimaryKeyConstraint("batch_id", "row", name="pk_excluded_prediction"),
    )
    op.create_table(
        "collection",
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("endpoint", sa.String(100), nullable=False),
        sa.Column("dataset", sa.String(100), nullable=False),
        sa.Column("every", sa.String(100), nullable=False),
        sa.Column("tz", sa.String(64), nullable=False),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("only", Json(), nullable=False),
        sa.Column("declared_at", UtcTime(length=27), nullable=False),
        sa.Column("declared_by", sa.String(200), nullable=False),
        sa.Column("retired_at", UtcTime(length=27)),
        sa.PrimaryKeyConstraint("name", name="pk_collection"),
    )
    op.create_table(
        "collected",
        sa.Column("dataset", sa.String(100), nullable=False),
        sa.Column("endpoint", sa.String(100), nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(200), nullable=False),
        sa.Column("at", UtcTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("dataset", "endpoint", name="pk_collected"),
    )
    op.create_table(
        "collected_day",
        sa.Column("dataset", sa.String(100), nullable=False),
        sa.Column("endpoint", sa.String(100), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("dataset", "endpoint", "day", name="pk_collected_day"),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("collected_day")
    op.drop_table("collected")
    op.drop_table("collection")
    op.drop_table("excluded_prediction")
