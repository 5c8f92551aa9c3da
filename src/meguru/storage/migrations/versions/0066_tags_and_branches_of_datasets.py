"""Tags and branches of datasets."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import UtcTime

revision = "0066"
down_revision = "0065"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.add_column("dataset_version", sa.Column("branch", sa.String(100), nullable=False, server_default=""))
    op.create_table(
        "dataset_tag",
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("tag", sa.String(100), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("name", "tag", name=op.f("pk_dataset_tag")),
    )
    op.create_table(
        "dataset_branch",
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("branch", sa.String(100), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("latest", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("name", "branch", name=op.f("pk_dataset_branch")),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("dataset_branch")
    op.drop_table("dataset_tag")
    with op.batch_alter_table("dataset_version") as batch:
        batch.drop_column("branch")
