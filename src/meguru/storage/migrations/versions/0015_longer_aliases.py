"""Aliases, and the models they are of, may have names as long as MLflow's."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Bring the schema to this revision; SQLite does not look at lengths."""
    _set_lengths(name=256, alias=255)


def downgrade() -> None:
    """Go back to the revision before."""
    _set_lengths(name=100, alias=100)


def _set_lengths(**lengths: int) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for column, length in lengths.items():
            op.alter_column("model_alias", column, type_=sa.String(length), existing_nullable=False)
