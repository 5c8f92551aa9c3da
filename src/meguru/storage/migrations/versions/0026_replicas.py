"""What each server answers with; who has seen a refusal."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db.schema import Json, UtcTime

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "replica",
        sa.Column("endpoint", sa.String(100), nullable=False),
        sa.Column("server", sa.String(100), nullable=False),
        sa.Column("model_ref", sa.String(300)),
        sa.Column("release_ref", sa.String(300)),
        sa.Column("since", UtcTime(length=27)),
        sa.Column("fault", Json()),
        sa.Column("refused", sa.String(300)),
        sa.Column("seen_at", UtcTime(length=27), nullable=False),
        sa.ForeignKeyConstraint(["endpoint"], ["endpoint.name"], name="fk_replica_endpoint_endpoint"),
        sa.PrimaryKeyConstraint("endpoint", "server", name="pk_replica"),
    )
    op.create_index("ix_replica_server", "replica", ["server"])
    with op.batch_alter_table("release", schema=None) as batch_op:
        batch_op.add_column(sa.Column("acknowledged_at", UtcTime(length=27)))
        batch_op.add_column(sa.Column("acknowledged_by", sa.String(200), nullable=False, server_default=""))


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("release", schema=None) as batch_op:
        batch_op.drop_column("acknowledged_by")
        batch_op.drop_column("acknowledged_at")
    op.drop_index("ix_replica_server", "replica")
    op.drop_table("replica")
