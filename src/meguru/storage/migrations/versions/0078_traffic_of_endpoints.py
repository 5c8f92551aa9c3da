"""What was counted of endpoints' requests."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0078"
down_revision = "0077"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "endpoint_traffic",
        sa.Column("endpoint", sa.String(100), sa.ForeignKey("endpoint.name"), primary_key=True),
        sa.Column("start", UtcTime, primary_key=True),
        sa.Column("span", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("server", sa.String(100), primary_key=True),
        sa.Column("requests", sa.BigInteger, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("refused", sa.BigInteger, nullable=False),
        sa.Column("errors", sa.BigInteger, nullable=False),
        sa.Column("turned_away", sa.BigInteger, nullable=False),
        sa.Column("watched", sa.BigInteger, nullable=False),
        sa.Column("busy", sa.Double, nullable=False),
        sa.Column("cpu", sa.Double, nullable=False),
        sa.Column("latencies", Json, nullable=False),
    )
    op.create_index(op.f("ix_endpoint_traffic_span_start"), "endpoint_traffic", ["span", "start"])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("endpoint_traffic")
