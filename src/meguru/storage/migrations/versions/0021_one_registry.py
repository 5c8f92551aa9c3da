"""One registry: models and versions that only MLflow's clients knew get rows among the others."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Bring the schema to this revision."""
    with op.batch_alter_table("registered_model", schema=None) as batch_op:
        batch_op.alter_column("name", type_=sa.String(length=256), existing_nullable=False)
        batch_op.add_column(sa.Column("numbered", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(sa.Column("is_prompt", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("model_version", schema=None) as batch_op:
        batch_op.alter_column("name", type_=sa.String(length=256), existing_nullable=False)
        batch_op.add_column(
            sa.Column("state", sa.String(length=20), server_default="verified", nullable=False)
        )
        batch_op.add_column(sa.Column("reason", sa.Text(), server_default="", nullable=False))
    _fill(op.get_bind())
    with op.batch_alter_table("mlflow_version", schema=None) as batch_op:
        batch_op.drop_column("state")
        batch_op.drop_column("reason")


def _fill(tx: sa.Connection) -> None:
    """Give a row to every model and version that has none, and to each model its highest number."""
    tx.execute(
        sa.text(
            "INSERT INTO registered_model (name, latest, created_at, told) "
            "SELECT m.name, 0, m.created_at, :yes FROM mlflow_model m "
            "WHERE NOT EXISTS (SELECT 1 FROM registered_model r WHERE r.name = m.name)"
        ),
        {"yes": True},
    )
    tx.execute(
        sa.text(
            "INSERT INTO model_version (name, version, state, reason, tree_digest, digest, flavor, task, "
            "signature, label, metrics, params, baseline_digest, holdout_digest, run_ref, used, note, size, "
            "created_at, created_by, event, told) SELECT v.name, v.version, 'unverified', v.reason, '', '', '', '', "
            "'{\"inputs\": []}', '', '{}', '{}', '', '', '', '[]', v.description, 0, v.created_at, v.created_by, '', :yes FROM mlflow_version v "
            "WHERE v.deleted = :no AND v.state = 'unverified' AND EXISTS (SELECT 1 FROM registered_model r WHERE r.name = v.name) "
            "AND NOT EXISTS (SELECT 1 FROM model_version n WHERE n.name = v.name AND n.version = v.version)"
        ),
        {"yes": True, "no": False},
    )
    tx.execute(
        sa.text(
            "UPDATE registered_model SET latest = "
            "(SELECT coalesce(max(n.version), 0) FROM model_version n WHERE n.name = registered_model.name)"
        )
    )
    tx.execute(
        sa.text(
            "UPDATE registered_model SET numbered = CASE WHEN latest > coalesce((SELECT max(v.version) FROM "
            "mlflow_version v WHERE v.name = registered_model.name), 0) THEN latest ELSE (SELECT max(v.version) "
            "FROM mlflow_version v WHERE v.name = registered_model.name) END WHERE latest > 0 OR EXISTS "
            "(SELECT 1 FROM mlflow_version v WHERE v.name = registered_model.name)"
        )
    )
    tx.execute(
        sa.text(
            "UPDATE registered_model SET is_prompt = :yes WHERE EXISTS (SELECT 1 FROM mlflow_label l "
            "WHERE l.kind = 'model' AND l.key = 'mlflow.prompt.is_prompt' AND lower(l.value) = 'true' "
            "AND l.owner = registered_model.name)"
        ),
        {"yes": True},
    )


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("mlflow_version", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("state", sa.String(length=20), server_default="verified", nullable=False)
        )
        batch_op.add_column(sa.Column("reason", sa.Text(), server_default="", nullable=False))
    tx = op.get_bind()
    same = "m.name = mlflow_version.name AND m.version = mlflow_version.version AND m.state = 'unverified'"
    tx.execute(
        sa.text(
            f"UPDATE mlflow_version SET state = 'unverified', reason = (SELECT m.reason FROM model_version m "  # noqa: S608
            f"WHERE {same}) WHERE EXISTS (SELECT 1 FROM model_version m WHERE {same})"
        )
    )
    tx.execute(sa.text("DELETE FROM model_version WHERE state = 'unverified'"))
    tx.execute(
        sa.text(
            "UPDATE registered_model SET latest = "
            "(SELECT coalesce(max(n.version), 0) FROM model_version n WHERE n.name = registered_model.name)"
        )
    )
    tx.execute(sa.text("DELETE FROM registered_model WHERE latest = 0"))
    with op.batch_alter_table("mlflow_version", schema=None) as batch_op:
        batch_op.alter_column("state", server_default=None)
        batch_op.alter_column("reason", server_default=None)
    with op.batch_alter_table("model_version", schema=None) as batch_op:
        batch_op.drop_column("reason")
        batch_op.drop_column("state")
        batch_op.alter_column("name", type_=sa.String(length=100), existing_nullable=False)
    with op.batch_alter_table("registered_model", schema=None) as batch_op:
        batch_op.drop_column("is_prompt")
        batch_op.drop_column("numbered")
        batch_op.alter_column("name", type_=sa.String(length=100), existing_nullable=False)
