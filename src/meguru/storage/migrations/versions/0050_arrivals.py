"""What arrives for triggers from outside: how listening goes, keys that were seen, what could not be read."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db.schema import Json, UtcTime

revision = "0050"
down_revision = "0049"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "trigger_listener",
        sa.Column("trigger", sa.String(100), nullable=False),
        sa.Column("holder", sa.String(200), nullable=False),
        sa.Column("lease_until", UtcTime(length=27)),
        sa.Column("position", Json(), nullable=False),
        sa.Column("connected_since", UtcTime(length=27)),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("last_error_at", UtcTime(length=27)),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("received_at", UtcTime(length=27)),
        sa.ForeignKeyConstraint(["trigger"], ["trigger.name"], name="fk_trigger_listener_trigger_trigger"),
        sa.PrimaryKeyConstraint("trigger", name="pk_trigger_listener"),
    )
    op.create_table(
        "trigger_arrival",
        sa.Column("trigger", sa.String(100), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("at", UtcTime(length=27), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["trigger"], ["trigger.name"], name="fk_trigger_arrival_trigger_trigger"),
        sa.PrimaryKeyConstraint("trigger", "key", name="pk_trigger_arrival"),
    )
    op.create_index("ix_trigger_arrival_at", "trigger_arrival", ["at"])
    op.create_table(
        "trigger_dead_letter",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("trigger", sa.String(100), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("source", sa.String(500), nullable=False),
        sa.Column("at", UtcTime(length=27), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("headers", Json(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["trigger"], ["trigger.name"], name="fk_trigger_dead_letter_trigger_trigger"),
        sa.PrimaryKeyConstraint("id", name="pk_trigger_dead_letter"),
    )
    op.create_index("ix_trigger_dead_letter_trigger_key", "trigger_dead_letter", ["trigger", "key"])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("trigger_dead_letter")
    op.drop_table("trigger_arrival")
    op.drop_table("trigger_listener")
