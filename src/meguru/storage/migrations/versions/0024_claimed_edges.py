"""Lineage edges for which there is only a client's word are marked."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

MARK = sa.text(
    "UPDATE edge SET claimed = true WHERE event_seq IN "
    "(SELECT seq FROM event WHERE operation IN ('run.start', 'run.finish'))"
)
LATER = sa.text(
    "SELECT seq, used, produced FROM event WHERE operation NOT IN ('run.start', 'run.finish') ORDER BY seq"
)
PROVE = sa.text(
    "UPDATE edge SET claimed = false, event_seq = :seq WHERE source = :source AND target = :target AND claimed"
)


def upgrade() -> None:
    """Bring the schema to this revision."""
    with op.batch_alter_table("edge", schema=None) as batch_op:
        batch_op.add_column(sa.Column("claimed", sa.Boolean(), server_default=sa.false(), nullable=False))
    tx = op.get_bind()
    tx.execute(MARK)
    _prove(tx)


def _prove(tx: sa.Connection) -> None:
    """An edge that a run claimed and a later operation made is that operation's."""
    query = "SELECT source, target FROM edge WHERE claimed AND target NOT LIKE 'run/%'"
    claimed = {(row.source, row.target) for row in tx.execute(sa.text(query))}
    if not claimed:
        return
    targets = {target for _, target in claimed}
    for event in tx.execute(LATER).all():
        for target in targets.intersection(json.loads(event.produced)):
            for source in json.loads(event.used):
                if (source, target) in claimed:
                    claimed.discard((source, target))
                    tx.execute(PROVE, {"seq": event.seq, "source": source, "target": target})


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("edge", schema=None) as batch_op:
        batch_op.drop_column("claimed")
