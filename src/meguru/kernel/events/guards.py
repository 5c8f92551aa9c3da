"""What the database itself refuses: to change or remove what the log says.

Triggers, so that a slip in a statement of ours, or of somebody with a database client, changes nothing. They
are no lock against who owns the database and drops them first: the chain and the checkpoints tell of that.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy import event as listening

_ON_SQLITE = "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"
# tgenabled 'A' (ALWAYS): one that fires only in sessions of origin can be passed by with
# session_replication_role.
_ON_POSTGRESQL = (
    "SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
    "WHERE NOT tgisinternal AND tgenabled = 'A' AND relnamespace = current_schema()::regnamespace"
)

_LOG = "the event log is only ever added to"
_HEAD = "the head of the event log only goes forward"
_EDGE = "an edge of the lineage is kept: a claimed one may be proved"
_PROVING = "OLD.source = NEW.source AND OLD.target = NEW.target AND OLD.claimed AND NOT NEW.claimed"


def _sqlite(name: str, table: str, moment: str, when: str, message: str) -> str:
    condition = f" WHEN {when}" if when else ""
    return (
        f"CREATE TRIGGER {name} BEFORE {moment} ON {table}{condition} "
        f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


SQLITE: dict[str, list[str]] = {
    "event": [
        _sqlite("event_update", "event", "UPDATE", "", _LOG),
        _sqlite("event_delete", "event", "DELETE", "", _LOG),
        # INSERT OR REPLACE removes the old row, and no trigger is told of that.
        _sqlite(
            "event_replace",
            "event",
            "INSERT",
            "EXISTS (SELECT 1 FROM event WHERE seq = NEW.seq OR id = NEW.id)",
            _LOG,
        ),
    ],
    "event_head": [
        _sqlite("event_head_update", "event_head", "UPDATE", "NEW.seq < OLD.seq OR NEW.id <> OLD.id", _HEAD),
        _sqlite("event_head_delete", "event_head", "DELETE", "", _HEAD),
        _sqlite("event_head_replace", "event_head", "INSERT", "EXISTS (SELECT 1 FROM event_head)", _HEAD),
    ],
    "edge": [
        _sqlite("edge_update", "edge", "UPDATE", f"NOT ({_PROVING})", _EDGE),
        _sqlite("edge_delete", "edge", "DELETE", "", _EDGE),
    ],
}
"""Statements by the table they guard."""

_REFUSE = (
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END $$"
)


def _postgresql(name: str, table: str, moment: str, when: str, message: str) -> list[str]:
    scope = f"FOR EACH ROW WHEN ({when})" if when else "FOR EACH STATEMENT"
    return [
        (
            f"CREATE TRIGGER {name} BEFORE {moment} ON {table} {scope} "
            f"EXECUTE FUNCTION refuse_change('{message}')"
        ),
        # Also where a session says that it only replays what another database did.
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}",
    ]


POSTGRESQL: dict[str, list[str]] = {
    "event": [_REFUSE, *_postgresql("event_kept", "event", "UPDATE OR DELETE OR TRUNCATE", "", _LOG)],
    "event_head": [
        _REFUSE,
        *_postgresql("event_head_kept", "event_head", "DELETE OR TRUNCATE", "", _HEAD),
        *_postgresql(
            "event_head_forward", "event_head", "UPDATE", "NEW.seq < OLD.seq OR NEW.id <> OLD.id", _HEAD
        ),
    ],
    "edge": [
        _REFUSE,
        *_postgresql("edge_kept", "edge", "DELETE OR TRUNCATE", "", _EDGE),
        *_postgresql("edge_proved", "edge", "UPDATE", f"NOT ({_PROVING})", _EDGE),
    ],
}


def present(tx: Connection) -> set[tuple[str, str]]:
    """Return the triggers that stand, each with its table."""
    asked = _ON_SQLITE if tx.dialect.name == "sqlite" else _ON_POSTGRESQL
    found = {(str(row[0]), str(row[1])) for row in tx.exec_driver_sql(asked)}
    return found & _wanted(tx)


def missing(tx: Connection) -> list[str]:
    """Return the names of the triggers that should stand and don't."""
    return sorted(name for name, _ in _wanted(tx) - present(tx))


def _wanted(tx: Connection) -> set[tuple[str, str]]:
    statements = SQLITE if tx.dialect.name == "sqlite" else POSTGRESQL
    # The name is the third word of CREATE TRIGGER name: the statements are the one list of what should be
    # there.
    made = [
        (each.split()[2], table)
        for table, sql in statements.items()
        for each in sql
        if "CREATE TRIGGER" in each
    ]
    return set(made)


def guard(table: Table) -> None:
    """Have a table guarded as soon as it is made; a migration does the same for those that are there."""

    def made(_table: Table, tx: Connection, **_: Any) -> None:
        statements = SQLITE if tx.dialect.name == "sqlite" else POSTGRESQL
        for statement in statements[table.name]:
            # psycopg reads % as the mark of a parameter, sqlite3 does not.
            tx.exec_driver_sql(statement.replace("%", "%%") if tx.dialect.name != "sqlite" else statement)

    listening.listen(table, "after_create", made)
