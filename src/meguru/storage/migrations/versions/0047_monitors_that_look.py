"""Monitors that look by themselves: their windows, and where each stands."""

import sqlalchemy as sa
from alembic import op

from meguru.storage.db.schema import Json, UtcTime

revision = "0047"
down_revision = "0046"
_COLUMNS = (
    ("window", Json, "null"),
    ("schedule", Json, '"window"'),
    ("complete", Json, "{}"),
    ("debounce", sa.Double, "60"),
    ("make_up", sa.Integer, "100"),
)


def upgrade() -> None:
    """Bring the schema to this revision."""
    for name, kind, default in _COLUMNS:
        op.add_column("monitor", sa.Column(name, kind, nullable=False, server_default=default))
    op.create_table(
        "monitor_clock",
        sa.Column("monitor", sa.String(100), primary_key=True),
        sa.Column("since", UtcTime),
        sa.Column("next_at", UtcTime),
        sa.Column("goal", sa.BigInteger),
        sa.Column("deadline", UtcTime),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["monitor"], ["monitor.name"], name="fk_monitor_clock_monitor_monitor"),
    )
    op.create_table(
        "monitor_window",
        sa.Column("monitor", sa.String(100), primary_key=True),
        sa.Column("start", UtcTime, primary_key=True),
        sa.Column("end", UtcTime, nullable=False),
        sa.Column("due_at", UtcTime),
        sa.Column("asked_at", UtcTime, nullable=False),
        sa.Column("asked", sa.Integer, nullable=False),
        sa.Column("looks", sa.Integer, nullable=False),
        sa.Column("evaluated_at", UtcTime),
        sa.Column("report", sa.String(64)),
        sa.Column("partial", sa.Boolean, nullable=False),
        sa.Column("error", sa.Text),
        sa.ForeignKeyConstraint(["monitor"], ["monitor.name"], name="fk_monitor_window_monitor_monitor"),
    )
    op.create_index("ix_monitor_window_monitor_end", "monitor_window", ["monitor", "end"])
    op.create_index("ix_monitor_window_due_at", "monitor_window", ["due_at"])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("monitor_window")
    op.drop_table("monitor_clock")
    with op.batch_alter_table("monitor") as batch:
        for name, *_ in reversed(_COLUMNS):
            batch.drop_column(name)
