"""Whether a webhook's secret is sealed (a server seals those in clear when it starts), and its calls."""

import sqlalchemy as sa
from alembic import op

import meguru.storage.db.schema

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "webhook_delivery",
        sa.Column("webhook", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("delivery", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("is_taken", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("webhook", "number", name=op.f("pk_webhook_delivery")),
    )
    with op.batch_alter_table("webhook_secret", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sealed", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("webhook_secret", schema=None) as batch_op:
        batch_op.drop_column("sealed")

    op.drop_table("webhook_delivery")
