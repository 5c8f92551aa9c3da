"""Projects and roles in them, the specs that held, endpoints and monitors that can be retired."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "project",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("retired_at", UtcTime),
    )
    op.create_table(
        "project_member",
        sa.Column("project", sa.String(100), primary_key=True),
        sa.Column("principal", sa.String(100), sa.ForeignKey("principal.name"), primary_key=True),
        sa.Column("role", sa.String(50), nullable=False),
        sa.Column("since", UtcTime, nullable=False),
    )
    op.create_table(
        "spec_version",
        sa.Column("kind", sa.String(50), primary_key=True),
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("spec", Json, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("retired", sa.Boolean, nullable=False),
    )
    op.add_column("event", sa.Column("project", sa.String(100), nullable=False, server_default=""))
    op.create_index("ix_event_project_seq", "event", ["project", "seq"])
    op.add_column("endpoint", sa.Column("retired_at", UtcTime))
    op.add_column("monitor", sa.Column("retired_at", UtcTime))


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("monitor") as batch_op:
        batch_op.drop_column("retired_at")
    with op.batch_alter_table("endpoint") as batch_op:
        batch_op.drop_column("retired_at")
    op.drop_index("ix_event_project_seq", "event")
    with op.batch_alter_table("event") as batch_op:
        batch_op.drop_column("project")
    op.drop_table("spec_version")
    op.drop_table("project_member")
    op.drop_table("project")
