"""Business metrics, and what they came to."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0076"
down_revision = "0075"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "business_metric",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("endpoint", sa.String(100), nullable=False),
        sa.Column("sql", sa.Text, nullable=False),
        sa.Column("python", sa.String(300), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("datasets", Json, nullable=False),
        sa.Column("unit", sa.String(100), nullable=False),
        sa.Column("direction", sa.String(10), nullable=False),
        sa.Column("target", sa.Double),
        sa.Column("per", sa.String(50), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("retired_at", UtcTime),
    )
    op.create_index(op.f("ix_business_metric_endpoint"), "business_metric", ["endpoint"])
    op.create_table(
        "business_value",
        sa.Column("metric", sa.String(100), sa.ForeignKey("business_metric.name"), primary_key=True),
        sa.Column("start", UtcTime, primary_key=True),
        sa.Column("end", UtcTime, primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("body", Json, nullable=False),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("business_value")
    op.drop_table("business_metric")
