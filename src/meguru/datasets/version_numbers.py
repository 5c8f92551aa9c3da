"""Which version a reference to a dataset means, as far as its number says it or it means the newest.

It imports no SQLAlchemy. Tags, branches and moments are looked up by `meguru.datasets.versions.named`.
"""

from __future__ import annotations

from meguru.base.refs import Ref
from meguru.storage.statements import Statements

NEWEST = frozenset({"latest", "main"})
"""What names the newest version of the main line."""
MAX_DIGITS = 9
"""Of the number of a version: it fits an integer of either database."""


def number_of(sql: Statements, ref: Ref) -> int | None:
    """Return the number of the version that is meant; None if a tag, a branch or a moment names it.

    0 if there is no version that could be the newest.
    """
    if ref.version is None or ref.version in NEWEST:
        return newest_number(sql, ref.name) or 0
    return int(ref.version) if ref.version.isdecimal() and len(ref.version) <= MAX_DIGITS else None


def newest_number(sql: Statements, name: str) -> int | None:
    """Return the number of the newest version of the main line; 0: none yet, None: no such dataset."""
    row = sql.execute("SELECT latest FROM dataset WHERE name = ?", (name,)).fetchone()
    return None if row is None else int(row[0])


def digest_of(sql: Statements, name: str, number: int) -> str | None:
    """Return the digest of a version; None if there is no such version, or it was removed."""
    query = "SELECT digest FROM dataset_version WHERE name = ? AND version = ? AND removed_at IS NULL"
    row = sql.execute(query, (name, number)).fetchone()
    return None if row is None else str(row[0])
