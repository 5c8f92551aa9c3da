"""What clients send is apart from what models take; so far it was what the live model takes."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db.schema import Json, UtcTime

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    """Bring the schema to this revision; each endpoint with a live model gets a contract of its columns."""
    op.create_table(
        "contract",
        sa.Column("endpoint", sa.String(100), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("task", sa.String(50), nullable=False),
        sa.Column("inputs", Json(), nullable=False),
        sa.Column("outputs", Json(), nullable=False),
        sa.Column("default", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(length=27), nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("retired_at", UtcTime(length=27)),
        sa.ForeignKeyConstraint(["endpoint"], ["endpoint.name"], name="fk_contract_endpoint_endpoint"),
        sa.PrimaryKeyConstraint("endpoint", "version", name="pk_contract"),
    )
    op.create_table(
        "consumer",
        sa.Column("endpoint", sa.String(100), nullable=False),
        sa.Column("contract", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("principal", sa.String(200), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("first_seen", UtcTime(length=27), nullable=False),
        sa.Column("last_seen", UtcTime(length=27), nullable=False),
        sa.ForeignKeyConstraint(["endpoint"], ["endpoint.name"], name="fk_consumer_endpoint_endpoint"),
        sa.PrimaryKeyConstraint("endpoint", "contract", "principal", name="pk_consumer"),
    )
    op.add_column("deployment", sa.Column("inputs", Json(), nullable=False, server_default="[]"))
    _agree()


def _agree() -> None:
    connection = op.get_bind()
    found = sa.MetaData()
    found.reflect(connection, only=["contract", "deployment", "model_version"])
    contract, deployment, version = (
        found.tables[each] for each in ("contract", "deployment", "model_version")
    )
    live = sa.select(
        deployment.c.endpoint, deployment.c.since, deployment.c.model_ref, version.c.task, version.c.signature
    )
    ref = sa.literal("model/") + version.c.name + "@" + sa.cast(version.c.version, sa.String)
    live = live.join(version, ref == deployment.c.model_ref).where(deployment.c.state == "live")
    for row in connection.execute(live).all():
        signature = Json().process_result_value(row.signature, connection.dialect)
        connection.execute(
            sa.insert(contract).values(
                endpoint=row.endpoint,
                version=1,
                task=row.task,
                inputs=Json().process_bind_param(signature["inputs"], connection.dialect),
                outputs='[{"name":"score"}]',
                default=True,
                created_at=row.since,
                created_by="system/serving",
                note=f"what {row.model_ref} takes",
            )
        )


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("deployment") as batch_op:
        batch_op.drop_column("inputs")
    op.drop_table("consumer")
    op.drop_table("contract")
