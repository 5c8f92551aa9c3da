"""Entities, feature views and feature services."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0064"
down_revision = "0063"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "entity",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("spec", Json),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("retired_at", UtcTime),
    )
    for noun in ("feature_view", "feature_service"):
        op.create_table(
            noun,
            sa.Column("name", sa.String(100), primary_key=True),
            sa.Column("latest", sa.Integer, nullable=False),
            sa.Column("spec", Json),
            sa.Column("created_at", UtcTime, nullable=False),
            sa.Column("retired_at", UtcTime),
        )
    op.create_table(
        "feature_view_version",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("definition", Json, nullable=False),
        sa.Column("features", Json, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
    )
    op.create_table(
        "feature_code",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("function", sa.String(300), nullable=False),
        sa.Column("snapshot", sa.String(64), nullable=False),
        sa.Column("sources", Json, nullable=False),
        sa.Column("packages", Json, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
    )
    op.create_table(
        "feature_service_version",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("members", Json, nullable=False),
        sa.Column("full_names", sa.Boolean, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
    )
    op.create_table(
        "feature_set",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("ref", sa.String(200), nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
    )
    op.create_table(
        "feature_profile",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("rows_digest", sa.String(64), primary_key=True),
        sa.Column("datasets", Json, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("keys", sa.Integer, nullable=False),
        sa.Column("earliest", UtcTime),
        sa.Column("newest", UtcTime),
        sa.Column("profile", sa.String(64), nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    tables = (
        "feature_profile",
        "feature_set",
        "feature_service_version",
        "feature_code",
        "feature_view_version",
        "feature_service",
        "feature_view",
        "entity",
    )
    for table in tables:
        op.drop_table(table)
