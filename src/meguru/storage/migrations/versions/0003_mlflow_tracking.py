"""mlflow tracking."""

import sqlalchemy as sa
from alembic import op

import meguru.storage.db.schema

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "mlflow_dataset",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("experiment", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("digest", sa.String(length=36), nullable=False),
        sa.Column("source_type", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("schema", sa.Text(), nullable=True),
        sa.Column("profile", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment"], ["experiment.name"], name=op.f("fk_mlflow_dataset_experiment_experiment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mlflow_dataset")),
        sa.UniqueConstraint(
            "experiment", "name", "digest", name=op.f("uq_mlflow_dataset_experiment_name_digest")
        ),
    )
    op.create_table(
        "mlflow_experiment",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("experiment", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("artifact_location", sa.Text(), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("created_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("updated_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment"], ["experiment.name"], name=op.f("fk_mlflow_experiment_experiment_experiment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mlflow_experiment")),
        sa.UniqueConstraint("experiment", name=op.f("uq_mlflow_experiment_experiment")),
        sa.UniqueConstraint("name", name=op.f("uq_mlflow_experiment_name")),
    )
    op.create_table(
        "mlflow_experiment_tag",
        sa.Column(
            "experiment",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("key", sa.String(length=250), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment"],
            ["mlflow_experiment.id"],
            name=op.f("fk_mlflow_experiment_tag_experiment_mlflow_experiment"),
        ),
        sa.PrimaryKeyConstraint("experiment", "key", name=op.f("pk_mlflow_experiment_tag")),
    )
    op.create_table(
        "mlflow_input",
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column(
            "dataset",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("context", sa.String(length=500), nullable=False),
        sa.Column("tags", meguru.storage.db.schema.Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset"], ["mlflow_dataset.id"], name=op.f("fk_mlflow_input_dataset_mlflow_dataset")
        ),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_mlflow_input_run_run")),
        sa.PrimaryKeyConstraint("run", "dataset", name=op.f("pk_mlflow_input")),
    )
    with op.batch_alter_table("mlflow_input", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mlflow_input_dataset"), ["dataset"], unique=False)

    op.create_table(
        "mlflow_run",
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("user_id", sa.String(length=250), nullable=False),
        sa.Column("deleted_at", meguru.storage.db.schema.UtcTime(length=27), nullable=True),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_mlflow_run_run_run")),
        sa.PrimaryKeyConstraint("run", name=op.f("pk_mlflow_run")),
    )
    op.create_table(
        "mlflow_run_model",
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("direction", sa.String(length=10), nullable=False),
        sa.Column("model_id", sa.String(length=64), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_mlflow_run_model_run_run")),
        sa.PrimaryKeyConstraint("run", "direction", "model_id", name=op.f("pk_mlflow_run_model")),
    )
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_run_experiment_started_at_id"), ["experiment", "started_at", "id"], unique=False
        )

    with op.batch_alter_table("run_metric_latest", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_run_metric_latest_key_value_run"), ["key", "value", "run"], unique=False
        )


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("run_metric_latest", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_run_metric_latest_key_value_run"))
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_run_experiment_started_at_id"))
    for table in ("run_model", "run", "input", "dataset", "experiment_tag", "experiment"):
        op.drop_table(f"mlflow_{table}")
