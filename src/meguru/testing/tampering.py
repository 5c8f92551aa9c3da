"""Change what the log says, as somebody with the database's password would."""

from __future__ import annotations

from sqlalchemy import Connection

from meguru.kernel.events import guards


def drop_guards(tx: Connection) -> None:
    """Remove the triggers that refuse to change the log: whoever owns the database can."""
    for name, table in guards.present(tx):
        on = "" if tx.dialect.name == "sqlite" else f" ON {table}"
        tx.exec_driver_sql(f"DROP TRIGGER {name}{on}")
