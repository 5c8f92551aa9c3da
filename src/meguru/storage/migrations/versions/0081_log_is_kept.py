"""The database refuses to change or remove what the event log says."""

from alembic import op

revision = "0081"
down_revision = "0080"

_LOG = "the event log is only ever added to"
_HEAD = "the head of the event log only goes forward"
_EDGE = "an edge of the lineage is kept: a claimed one may be proved"
_BACK = "NEW.seq < OLD.seq OR NEW.id <> OLD.id"
_PROVING = "OLD.source = NEW.source AND OLD.target = NEW.target AND OLD.claimed AND NOT NEW.claimed"
_THERE = "EXISTS (SELECT 1 FROM event WHERE seq = NEW.seq OR id = NEW.id)"
_SQLITE = (
    ("event_update", "event", "UPDATE", "", _LOG),
    ("event_delete", "event", "DELETE", "", _LOG),
    ("event_replace", "event", "INSERT", _THERE, _LOG),
    ("event_head_update", "event_head", "UPDATE", _BACK, _HEAD),
    ("event_head_delete", "event_head", "DELETE", "", _HEAD),
    ("event_head_replace", "event_head", "INSERT", "EXISTS (SELECT 1 FROM event_head)", _HEAD),
    ("edge_update", "edge", "UPDATE", f"NOT ({_PROVING})", _EDGE),
    ("edge_delete", "edge", "DELETE", "", _EDGE),
)
_POSTGRESQL = (
    ("event_kept", "event", "UPDATE OR DELETE OR TRUNCATE", "", _LOG),
    ("event_head_kept", "event_head", "DELETE OR TRUNCATE", "", _HEAD),
    ("event_head_forward", "event_head", "UPDATE", _BACK, _HEAD),
    ("edge_kept", "edge", "DELETE OR TRUNCATE", "", _EDGE),
    ("edge_proved", "edge", "UPDATE", f"NOT ({_PROVING})", _EDGE),
)


def upgrade() -> None:
    """Bring the schema to this revision."""
    tx = op.get_bind()
    if tx.dialect.name == "sqlite":
        for name, table, moment, when, message in _SQLITE:
            condition = f" WHEN {when}" if when else ""
            tx.exec_driver_sql(
                f"CREATE TRIGGER {name} BEFORE {moment} ON {table}{condition} "
                f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
            )
        return
    tx.exec_driver_sql(
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION '%%', TG_ARGV[0]; END $$"
    )
    for name, table, moment, when, message in _POSTGRESQL:
        scope = f"FOR EACH ROW WHEN ({when})" if when else "FOR EACH STATEMENT"
        tx.exec_driver_sql(
            f"CREATE TRIGGER {name} BEFORE {moment} ON {table} {scope} "
            f"EXECUTE FUNCTION refuse_change('{message}')"
        )
        tx.exec_driver_sql(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")


def downgrade() -> None:
    """Go back to the revision before."""
    tx = op.get_bind()
    if tx.dialect.name == "sqlite":
        for name, *_ in _SQLITE:
            tx.exec_driver_sql(f"DROP TRIGGER {name}")
        return
    for name, table, *_ in _POSTGRESQL:
        tx.exec_driver_sql(f"DROP TRIGGER {name} ON {table}")
    tx.exec_driver_sql("DROP FUNCTION refuse_change()")
