"""Labels as rows, and marks of what MLflow's clients were told of, so that the registry is searched by SQL."""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "mlflow_label",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("key", sa.String(length=250), nullable=False),
        sa.Column("owner", sa.String(length=256), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column(
            "head", sa.String(length=64), sa.Computed("substr(value, 1, 64)", persisted=True), nullable=True
        ),
        sa.PrimaryKeyConstraint("kind", "key", "owner", "number", name=op.f("pk_mlflow_label")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("mlflow_label", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_mlflow_label_kind_key_head_owner_number"),
            ["kind", "key", "head", "owner", "number"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_mlflow_label_owner_number"), ["owner", "number"], unique=False)

    with op.batch_alter_table("mlflow_model", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_mlflow_model_created_at_name"), ["created_at", "name"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_mlflow_model_updated_at_name"), ["updated_at", "name"], unique=False
        )

    with op.batch_alter_table("mlflow_model_metric", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_mlflow_model_metric_key_value_model_id"),
            ["key", "value", "model_id"],
            unique=False,
        )

    with op.batch_alter_table("mlflow_version", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_mlflow_version_deleted_created_at_name_version"),
            ["deleted", "created_at", "name", "version"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_mlflow_version_deleted_updated_at_name_version"),
            ["deleted", "updated_at", "name", "version"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_mlflow_version_logged_model"), ["logged_model"], unique=False)

    with op.batch_alter_table("model_version", schema=None) as batch_op:
        batch_op.add_column(sa.Column("told", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.create_index(
            batch_op.f("ix_model_version_told_created_at_name_version"),
            ["told", "created_at", "name", "version"],
            unique=False,
        )

    with op.batch_alter_table("registered_model", schema=None) as batch_op:
        batch_op.add_column(sa.Column("told", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.create_index(batch_op.f("ix_registered_model_told_name"), ["told", "name"], unique=False)

    _fill(op.get_bind())


def _fill(tx: sa.Connection) -> None:
    """Bring the labels that there are into rows, and mark what has a row of MLflow's."""
    insert = sa.text(
        "INSERT INTO mlflow_label (kind, key, owner, number, value) VALUES (:kind, :key, :owner, :number, :value)"
    )
    for rows in _labels(tx):
        tx.execute(insert, rows)
    tx.execute(
        sa.text(
            "UPDATE model_version SET told = :yes WHERE EXISTS (SELECT 1 FROM mlflow_version v "
            "WHERE v.name = model_version.name AND v.version = model_version.version)"
        ),
        {"yes": True},
    )
    tx.execute(
        sa.text(
            "UPDATE registered_model SET told = :yes WHERE EXISTS "
            "(SELECT 1 FROM mlflow_model m WHERE m.name = registered_model.name)"
        ),
        {"yes": True},
    )


def _labels(tx: sa.Connection) -> Iterator[list[dict[str, Any]]]:
    """Yield the labels of some things at a time."""
    for kind, sql in (
        ("model", "SELECT name, 0, tags FROM mlflow_model"),
        ("version", "SELECT name, version, tags FROM mlflow_version"),
        ("logged", "SELECT id, 0, tags FROM logged_model"),
        ("param", "SELECT id, 0, params FROM logged_model"),
    ):
        for part in tx.execute(sa.text(sql)).partitions(1000):
            rows = [
                {"kind": kind, "key": key, "owner": owner, "number": number, "value": value}
                for owner, number, text in part
                for key, value in json.loads(text).items()
            ]
            if rows:
                yield rows


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("registered_model", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_registered_model_told_name"))
        batch_op.drop_column("told")

    with op.batch_alter_table("model_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_model_version_told_created_at_name_version"))
        batch_op.drop_column("told")

    with op.batch_alter_table("mlflow_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mlflow_version_logged_model"))
        batch_op.drop_index(batch_op.f("ix_mlflow_version_deleted_updated_at_name_version"))
        batch_op.drop_index(batch_op.f("ix_mlflow_version_deleted_created_at_name_version"))

    with op.batch_alter_table("mlflow_model_metric", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mlflow_model_metric_key_value_model_id"))

    with op.batch_alter_table("mlflow_model", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mlflow_model_updated_at_name"))
        batch_op.drop_index(batch_op.f("ix_mlflow_model_created_at_name"))

    with op.batch_alter_table("mlflow_label", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mlflow_label_owner_number"))
        batch_op.drop_index(batch_op.f("ix_mlflow_label_kind_key_head_owner_number"))

    op.drop_table("mlflow_label")
