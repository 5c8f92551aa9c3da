"""What counts without end, and seeds, have 64 bits: PostgreSQL refused more than two thousand million."""

import sqlalchemy as sa
from alembic import op

revision = "0093"
down_revision = "0092"
_COLUMNS = {
    "card_cursor": ("seq",),
    "collected_day": ("rows",),
    "feature_profile": ("rows", "dropped", "keys"),
    "labelling": ("seed",),
    "trigger_listener": ("received",),
}


def upgrade() -> None:
    """Bring the schema to this revision."""
    _set_type(sa.BigInteger())


def downgrade() -> None:
    """Go back to the revision before."""
    _set_type(sa.Integer())


def _set_type(type_: sa.Integer) -> None:
    for table, columns in _COLUMNS.items():
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.alter_column(column, type_=type_, existing_nullable=False)
