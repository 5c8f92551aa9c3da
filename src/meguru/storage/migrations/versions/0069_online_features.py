"""Features that are online, and the work that brings them there."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0069"
down_revision = "0068"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "online_view",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("stored", sa.String(200), nullable=False),
        sa.Column("keys", Json, nullable=False),
        sa.Column("features", Json, nullable=False),
        sa.Column("datasets", Json, nullable=False),
        sa.Column("newest_rows", sa.String(64), nullable=False),
        sa.Column("as_of", UtcTime),
        sa.Column("due", UtcTime),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("newest", UtcTime),
        sa.Column("at", UtcTime),
        sa.Column("pushed", sa.BigInteger, nullable=False),
        sa.Column("pushed_at", UtcTime),
        sa.Column("folded", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "materialization",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("datasets", Json, nullable=False),
        sa.Column("as_of", UtcTime, nullable=False),
        sa.Column("since", UtcTime),
        sa.Column("full", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("job", sa.String(64), nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("finished_at", UtcTime),
        sa.Column("target", sa.String(64), nullable=False),
        sa.Column("due", UtcTime),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("done", sa.BigInteger, nullable=False),
        sa.Column("written", sa.BigInteger, nullable=False),
        sa.Column("retracted", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("ix_materialization_name_version_id", "materialization", ["name", "version", "id"])
    op.create_table(
        "pushed_frame",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    for table in ("pushed_frame", "materialization", "online_view"):
        op.drop_table(table)
