"""Whether a budget may stop runs; without SQLAlchemy."""

from __future__ import annotations

from meguru.storage.statements import Statements


def is_any_exceeded(sql: Statements) -> bool:
    """Tell whether a budget was used up when it was counted last: which runs it stops is not looked at."""
    query = "SELECT 1 FROM budget WHERE exceeded AND retired_at IS NULL LIMIT 1"
    return sql.execute(query).fetchone() is not None
