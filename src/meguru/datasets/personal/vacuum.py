"""Leave nothing of erased rows in free pages of SQLite, nor in its write-ahead log."""

from __future__ import annotations

from pathlib import Path

from meguru.kernel.workspace import Workspace

MAX_VACUUMED_BYTES = 64 << 20
"""A larger database is not written anew: its free pages are used again by and by."""


def vacuum(ws: Workspace) -> None:
    """Write a SQLite database anew without its free pages, and truncate its log; does nothing elsewhere."""
    if not ws.db.is_sqlite:
        return
    with ws.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        place = Path(ws.db.engine.url.database or "")
        if place.is_file() and place.stat().st_size <= MAX_VACUUMED_BYTES:
            # SQLite only marks pages as free: what a row held stays in the file until it is overwritten.
            connection.exec_driver_sql("VACUUM")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
