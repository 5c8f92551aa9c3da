"""Cards: the words about things, who looked at them when, and what was kept."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0086"
down_revision = "0085"


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "card",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("about", sa.String(250), nullable=False),
        sa.Column("words", Json, nullable=False),
        sa.Column("retired_at", UtcTime),
    )
    op.create_index(op.f("ix_card_about"), "card", ["about"])
    op.create_table(
        "card_look",
        sa.Column("card", sa.String(100), primary_key=True),
        sa.Column("part", sa.String(80), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("version", sa.String(300), nullable=False),
        sa.Column("traits", Json, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
    )
    op.create_table(
        "kept_card",
        sa.Column("about", sa.String(300), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
    )
    op.create_table(
        "card_cursor",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    for table in ("card_cursor", "kept_card", "card_look", "card"):
        op.drop_table(table)
