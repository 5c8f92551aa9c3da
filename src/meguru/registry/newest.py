"""Whether a folder is a model's newest version already; without SQLAlchemy."""

from __future__ import annotations

from meguru.base import refs
from meguru.storage.statements import Statements


def ref_of_newest(sql: Statements, name: str, tree: str) -> str | None:
    """Return the newest version if it has this folder; None if the model must be registered."""
    query = """
        SELECT v.version FROM registered_model m
        JOIN model_version v ON v.name = m.name AND v.version = m.latest
        WHERE m.name = ? AND v.tree_digest = ?
    """
    row = sql.execute(query, (name, tree)).fetchone()
    return refs.make("model", name, row[0]) if row else None
