"""Aliases, and the models they are of, may have names as long as MLflow's."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Bring the schema to this revision."""
    _set_lengths(name=256, alias=255)


def downgrade() -> None:
    """Go back to the revision before."""
    _set_lengths(name=100, alias=100)


def _set_lengths(**lengths: int) -> None:
    with op.batch_alter_table("model_alias", schema=None) as batch_op:
        for column, length in lengths.items():
            batch_op.alter_column(column, type_=sa.String(length), existing_nullable=False)
