"""Which version of each pipeline is deployed: where a trigger names one, the newest, which it ran so far."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db.schema import Json, UtcTime

revision = "0042"
down_revision = "0041"

_WHY = "it was the newest when deployments began, and a trigger ran it"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "pipeline_deployment",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("back_to", sa.Integer()),
        sa.PrimaryKeyConstraint("name", "number", name=op.f("pk_pipeline_deployment")),
    )
    _deploy(op.get_bind(), sa.table("pipeline_deployment", *_COLUMNS))


_COLUMNS = (
    sa.column("name", sa.String),
    sa.column("number", sa.Integer),
    sa.column("version", sa.Integer),
    sa.column("at", UtcTime),
    sa.column("by", sa.String),
    sa.column("reason", sa.Text),
    sa.column("event", sa.String),
)


def _deploy(connection: sa.Connection, into: sa.TableClause) -> None:
    trigger = sa.table("trigger", sa.column("action", Json), sa.column("retired_at", UtcTime))
    pipeline = sa.table("pipeline", sa.column("name"), sa.column("latest"))
    version = sa.table(
        "pipeline_version", sa.column("name"), sa.column("version"), sa.column("created_at", UtcTime)
    )
    present = sa.select(trigger.c.action).where(trigger.c.retired_at.is_(None))
    named = {str(action.get("pipeline", "")) for action in connection.execute(present).scalars()}
    names = {each.removeprefix("pipeline/").partition("@")[0].removeprefix("default/") for each in named}
    newest = sa.select(version).join(
        pipeline, (pipeline.c.name == version.c.name) & (pipeline.c.latest == version.c.version)
    )
    rows = [
        {
            "name": row.name,
            "number": 1,
            "version": row.version,
            "at": row.created_at,
            "by": "migration",
            "reason": _WHY,
            "event": "",
        }
        for row in connection.execute(newest)
        if row.name in names
    ]
    if rows:
        connection.execute(sa.insert(into), rows)


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("pipeline_deployment")
