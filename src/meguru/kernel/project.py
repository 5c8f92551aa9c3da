"""Whether a project is there: what every change in one asks, with SQLAlchemy and without."""

from __future__ import annotations

from meguru.storage.statements import Statements


def is_present(sql: Statements, name: str) -> bool:
    """Tell whether there is a project of this name; the default one, whose name is empty, always is."""
    query = "SELECT 1 FROM project WHERE name = ? AND retired_at IS NULL"
    return not name or sql.execute(query, (name,)).fetchone() is not None
