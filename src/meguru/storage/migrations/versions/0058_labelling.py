"""Samples of predictions that people label."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db.schema import Json, UtcTime

revision = "0058"
down_revision = "0057"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "labelling",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("endpoint", sa.String(100), nullable=False),
        sa.Column("strategy", sa.String(20), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("labellers", Json(), nullable=False),
        sa.Column("each", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcTime(length=27), nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_labelling"),
    )
    op.create_index("ix_labelling_endpoint_id", "labelling", ["endpoint", "id"])
    op.create_table(
        "label_turn",
        sa.Column("labelling", sa.String(64), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("batch_id", sa.String(64), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("labeller", sa.String(200), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("label", sa.Text()),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("at", UtcTime(length=27)),
        sa.Column("disputed", sa.Boolean(), nullable=False),
        sa.Column("decided_by", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["labelling"], ["labelling.id"], name="fk_label_turn_labelling_labelling"),
        sa.PrimaryKeyConstraint("labelling", "place", "slot", name="pk_label_turn"),
    )
    op.create_index("ix_label_turn_batch_id_row", "label_turn", ["batch_id", "row"])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("label_turn")
    op.drop_table("labelling")
