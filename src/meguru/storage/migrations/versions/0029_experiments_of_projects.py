"""Experiments are of projects: a name is unique within one."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Bring the schema to this revision."""
    # SQLite changes a table by dropping it, which the tags that refer to it would forbid.
    op.execute("CREATE TABLE kept_experiment_tag AS SELECT * FROM mlflow_experiment_tag")
    op.execute("DELETE FROM mlflow_experiment_tag")
    with op.batch_alter_table("mlflow_experiment") as batch_op:
        batch_op.add_column(sa.Column("project", sa.String(length=100), server_default="", nullable=False))
        batch_op.drop_constraint(op.f("uq_mlflow_experiment_name"), type_="unique")
        batch_op.create_unique_constraint(op.f("uq_mlflow_experiment_project_name"), ["project", "name"])
    _put_back()


def downgrade() -> None:
    """Go back to the revision before."""
    op.execute("CREATE TABLE kept_experiment_tag AS SELECT * FROM mlflow_experiment_tag")
    op.execute("DELETE FROM mlflow_experiment_tag")
    with op.batch_alter_table("mlflow_experiment") as batch_op:
        batch_op.drop_constraint(op.f("uq_mlflow_experiment_project_name"), type_="unique")
        batch_op.create_unique_constraint(op.f("uq_mlflow_experiment_name"), ["name"])
        batch_op.drop_column("project")
    _put_back()


def _put_back() -> None:
    columns = "experiment, key, value"
    op.execute(f"INSERT INTO mlflow_experiment_tag ({columns}) SELECT {columns} FROM kept_experiment_tag")  # noqa: S608
    op.execute("DROP TABLE kept_experiment_tag")
