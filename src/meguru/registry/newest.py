"""Whether a run's model is the newest version already; without SQLAlchemy, for instant commands."""

from __future__ import annotations

import sqlite3

from meguru.base import refs


def same(connection: sqlite3.Connection, name: str, tree: str) -> str | None:
    """Return the newest version if it has this folder; None if the model must be registered."""
    query = "SELECT version, tree_digest FROM model_version WHERE name = ? ORDER BY version DESC LIMIT 1"
    row = connection.execute(query, (name,)).fetchone()
    return refs.make("model", name, row["version"]) if row and row["tree_digest"] == tree else None
