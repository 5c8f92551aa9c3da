"""uploads in parts."""

import sqlalchemy as sa
from alembic import op

import meguru.storage.db.schema

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "upload",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("target", sa.String(length=1000), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("principal", sa.String(length=100), nullable=False),
        sa.Column("created_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("expires_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_upload_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "upload_part",
        sa.Column("upload", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload"], ["upload.id"], name=op.f("fk_upload_part_upload_upload"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("upload", "number", name=op.f("pk_upload_part")),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("upload_part")
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_upload_expires_at"))

    op.drop_table("upload")
