"""lanes and pools."""

import sqlalchemy as sa
from alembic import op

import meguru.storage.db.schema

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "lane_limit",
        sa.Column("lane", sa.String(length=150), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("lane", name=op.f("pk_lane_limit")),
    )
    op.create_table(
        "pool",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("created_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pool")),
    )
    op.create_table(
        "pool_place",
        sa.Column("holder", sa.String(length=300), nullable=False),
        sa.Column("pool", sa.String(length=100), nullable=False),
        sa.Column("job", sa.String(length=64), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("taken_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.ForeignKeyConstraint(["pool"], ["pool.name"], name=op.f("fk_pool_place_pool_pool")),
        sa.PrimaryKeyConstraint("holder", name=op.f("pk_pool_place")),
    )
    with op.batch_alter_table("pool_place", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pool_place_job"), ["job"], unique=False)
        batch_op.create_index(batch_op.f("ix_pool_place_pool"), ["pool"], unique=False)

    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.add_column(sa.Column("priority", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("lane", sa.String(length=150), server_default="", nullable=False))
        batch_op.create_index(
            batch_op.f("ix_job_state_lease_until_lane"), ["state", "lease_until", "lane"], unique=False
        )
        batch_op.create_index(
            "ix_job_waiting",
            ["state", sa.literal_column("priority DESC"), "not_before", "id", "lane", "kind"],
            unique=False,
        )

    with op.batch_alter_table("pipeline_run", schema=None) as batch_op:
        batch_op.add_column(sa.Column("origin", sa.String(length=200), server_default="", nullable=False))
        batch_op.add_column(sa.Column("partition", sa.String(length=200), server_default="", nullable=False))


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("pipeline_run", schema=None) as batch_op:
        batch_op.drop_column("partition")
        batch_op.drop_column("origin")

    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index("ix_job_waiting")
        batch_op.drop_index(batch_op.f("ix_job_state_lease_until_lane"))
        batch_op.drop_column("lane")
        batch_op.drop_column("priority")

    with op.batch_alter_table("pool_place", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pool_place_pool"))
        batch_op.drop_index(batch_op.f("ix_pool_place_job"))

    op.drop_table("pool_place")
    op.drop_table("pool")
    op.drop_table("lane_limit")
