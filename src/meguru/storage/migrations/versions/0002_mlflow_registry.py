"""mlflow registry."""

import sqlalchemy as sa
from alembic import op

import meguru.storage.db.schema

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "logged_model",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("experiment", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("model_type", sa.String(length=500), nullable=False),
        sa.Column("run", sa.String(length=256), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("params", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("tags", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("created_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("updated_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logged_model")),
    )
    with op.batch_alter_table("logged_model", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_logged_model_experiment_created_at"), ["experiment", "created_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_logged_model_run"), ["run"], unique=False)

    op.create_table(
        "mlflow_model",
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("tags", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("created_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("updated_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mlflow_model")),
    )
    op.create_table(
        "mlflow_version",
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("storage", sa.Text(), nullable=False),
        sa.Column("run", sa.String(length=256), nullable=False),
        sa.Column("run_link", sa.Text(), nullable=False),
        sa.Column("logged_model", sa.String(length=256), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("tags", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("updated_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_mlflow_version")),
    )
    with op.batch_alter_table("mlflow_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mlflow_version_run"), ["run"], unique=False)

    op.create_table(
        "stored_file",
        sa.Column("path", sa.String(length=1000), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_stored_file")),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("stored_file")
    with op.batch_alter_table("mlflow_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mlflow_version_run"))

    op.drop_table("mlflow_version")
    op.drop_table("mlflow_model")
    with op.batch_alter_table("logged_model", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_logged_model_run"))
        batch_op.drop_index(batch_op.f("ix_logged_model_experiment_created_at"))

    op.drop_table("logged_model")
