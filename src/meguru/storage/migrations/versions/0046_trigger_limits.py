"""Filters, keys, quiet times and budgets of triggers; who declared each; what owed firings wait for."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db import Json, UtcTime

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    """Bring the schema to this revision."""
    for name in ("filter", "key"):
        op.add_column("trigger", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("trigger", sa.Column("debounce", sa.Float, nullable=False, server_default="0"))
    op.add_column("trigger", sa.Column("debounce_max", sa.Float))
    op.add_column("trigger", sa.Column("budget", Json))
    op.add_column("trigger", sa.Column("declared_by", sa.String(200), nullable=False, server_default=""))
    op.add_column("trigger", sa.Column("version", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("firing", sa.Column("repeats", sa.Integer, nullable=False, server_default="0"))
    op.add_column("firing", sa.Column("waits_since", UtcTime))
    op.add_column("firing", sa.Column("not_before", UtcTime))
    op.create_index("ix_trigger_version", "trigger", ["version"])
    _fill()


def _fill() -> None:
    """Number the triggers that are there; each acts for whoever declared it last."""
    trigger = sa.table("trigger", *(sa.column(name) for name in ("name", "declared_by", "version")))
    event = sa.table("event", *(sa.column(name) for name in ("seq", "type", "subject", "actor")))
    names = op.get_bind().execute(sa.select(trigger.c.name).order_by(trigger.c.name)).scalars().all()
    for number, name in enumerate(names, 1):
        told = event.c.type.in_(("trigger.created", "trigger.updated")) & (
            event.c.subject == f"trigger/{name}"
        )
        query = sa.select(event.c.actor).where(told).order_by(event.c.seq.desc()).limit(1)
        actor = op.get_bind().execute(query).scalar() or ""
        here = trigger.c.name == name
        op.get_bind().execute(sa.update(trigger).where(here).values(declared_by=actor, version=number))


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_index("ix_trigger_version", "trigger")
    columns = ("version", "declared_by", "budget", "debounce_max", "debounce", "key", "filter")
    for table, names in (("firing", ("not_before", "waits_since", "repeats")), ("trigger", columns)):
        with op.batch_alter_table(table) as batch:
            for name in names:
                batch.drop_column(name)
