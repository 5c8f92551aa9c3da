"""Whether a transaction of PostgreSQL changed rows, by whichever way: SQLAlchemy's, or the driver's own.

SQLite counts for itself (`total_changes`).
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import event as listening

_KEY = "meguru.changes"
_HARMLESS = frozenset(
    {
        "SELECT",
        "BEGIN",
        "SET",
        "RESET",
        "SHOW",
        "SAVEPOINT",
        "RELEASE",
        "ROLLBACK",
        "LOCK",
        "NOTIFY",
        "EXPLAIN",
        "DECLARE",
        "FETCH",
        "CLOSE",
    }
)
_CHANGE_WITHIN = re.compile(
    r"\b(INSERT\s+INTO|UPDATE\s+[\w.\"]+\s+SET|DELETE\s+FROM|MERGE\s+INTO)\b", re.IGNORECASE
)


class Changes:
    """What is known of one transaction; `seen` once a statement changed a row."""

    def __init__(self) -> None:
        self.seen = False

    def note(self, statement: str, cursor: Any) -> None:
        """Take in a statement that was carried out: the server's own word for it tells what it was."""
        if self.seen:
            return
        # The server's command tag, such as "INSERT 0 1": what was done, and to how many rows.
        done = str(cursor.statusmessage or "").partition(" ")[0]
        if not done or (done == "SELECT" and statement.lstrip()[:4].upper() == "WITH"):
            # The word is that of the outermost statement only, and there is none of rows that come by and by.
            self.seen = _CHANGE_WITHIN.search(statement) is not None
        else:
            self.seen = done not in _HARMLESS and cursor.rowcount != 0


def watch(tx: Connection) -> Changes:
    """Note all changes of a transaction from now on, until `unwatch`: its connection is used again."""
    changes = Changes()

    def note(_connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        changes.note(statement, cursor)

    listening.listen(tx, "after_cursor_execute", note)
    tx.info[_KEY] = changes
    return changes


def unwatch(tx: Connection) -> None:
    """End `watch`."""
    tx.info.pop(_KEY, None)


def watched(tx: Connection) -> Changes | None:
    """Return what notes the changes of a transaction, if something does."""
    return tx.info.get(_KEY)
