"""Resolve a reference to a version without SQLAlchemy: for commands that must start instantly."""

from __future__ import annotations

import sqlite3

from meguru.base import refs
from meguru.errors import MeguruError


def find(connection: sqlite3.Connection, ref: str) -> tuple[str, str] | None:
    """Return reference and digest of a version; None if there is none, or the reference is not plain."""
    try:
        parsed = refs.parse(ref, kind="dataset")
    except MeguruError:
        return None
    number = parsed.version
    if number in {None, "latest"}:
        row = connection.execute("SELECT latest FROM dataset WHERE name = ?", (parsed.name,)).fetchone()
        number = row and row["latest"]
    query = (
        "SELECT version, digest FROM dataset_version WHERE name = ? AND version = ? AND removed_at IS NULL"
    )
    found = connection.execute(query, (parsed.name, number)).fetchone()
    return (refs.make("dataset", parsed.name, found["version"]), found["digest"]) if found else None
