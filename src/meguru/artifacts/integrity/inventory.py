"""What a walk has seen so far, in a file: a workspace may refer to more blobs than memory holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, Self

from meguru.artifacts.integrity.types import PLAIN, BlobCheck, BlobMember, BlobReference, BlobState, LostBlob

_TABLES = """
CREATE TABLE blob (
    id INTEGER PRIMARY KEY, form TEXT NOT NULL, digest TEXT NOT NULL, is_root INTEGER NOT NULL,
    place INTEGER NOT NULL DEFAULT 0, wanted INTEGER NOT NULL DEFAULT 0, state TEXT, why TEXT,
    UNIQUE (digest, form)
);
CREATE INDEX waiting ON blob (wanted DESC, place) WHERE state IS NULL;
CREATE TABLE holder (blob INTEGER NOT NULL, ref TEXT NOT NULL, PRIMARY KEY (blob, ref)) WITHOUT ROWID;
CREATE TABLE member (
    blob INTEGER NOT NULL, parent INTEGER NOT NULL, PRIMARY KEY (blob, parent)
) WITHOUT ROWID;
"""
_HOLDERS = """
WITH RECURSIVE above (blob) AS (
    SELECT id FROM blob WHERE digest = ?
    UNION SELECT member.parent FROM member JOIN above ON member.blob = above.blob
) SELECT DISTINCT ref FROM holder JOIN above ON holder.blob = above.blob ORDER BY ref
"""
_UNFINISHED = """
WITH RECURSIVE above (blob) AS (
    SELECT id FROM blob WHERE wanted AND (state IS NULL OR state = 'present')
    UNION SELECT member.parent FROM member JOIN above ON member.blob = above.blob
) SELECT count(*) FROM blob JOIN above ON blob.id = above.blob WHERE is_root AND state IS NOT NULL
"""
_ADD = (
    "INSERT INTO blob (form, digest, is_root, wanted, place) VALUES (?, ?, ?, ?, ?)"
    # A blob that two lists name is walked once; that one of them wants it is enough.
    " ON CONFLICT (digest, form) DO UPDATE SET wanted = max(wanted, excluded.wanted)"
)
_KEY = "SELECT id FROM blob WHERE digest = ? AND form = ?"


class Inventory:
    """Blobs by digest and form: who refers to them, what they list, what was found. For one thread."""

    def __init__(self) -> None:
        # An empty name is a file in SQLite's temporary folder, removed when it is closed; small ones stay
        # in memory.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(_TABLES)
        self._db.execute("BEGIN")  # never committed: the file is gone with this process anyway
        self._members = 1

    def add(self, references: Iterable[BlobReference]) -> None:
        """Take in what rows refer to."""
        for reference in references:
            self._db.execute(_ADD, _row(reference, is_root=True))
            ours = self._db.execute(_KEY, (reference.digest, reference.form)).fetchone()[0]
            self._db.execute("INSERT OR IGNORE INTO holder VALUES (?, ?)", (ours, reference.ref))

    def draw(self, count: int | None) -> None:
        """Choose which of them to look at: so many at random, or all, those first that list others.

        What a chosen one lists is looked at too: in a sample before the next one, as it may end anywhere.
        """
        if count is None:
            self._db.execute("UPDATE blob SET wanted = 1")
            return
        self._members = 2
        chosen = "SELECT id FROM blob ORDER BY random() LIMIT ?"
        self._db.execute(f"UPDATE blob SET wanted = 1, place = random() WHERE id IN ({chosen})", (count,))  # noqa: S608

    def waiting(self, limit: int) -> list[str]:
        """Return some of the chosen blobs that were not looked at, as ``FORM:DIGEST``."""
        query = (
            "SELECT form, digest FROM blob WHERE wanted > 0 AND state IS NULL"
            " ORDER BY wanted DESC, place LIMIT ?"
        )
        return [f"{form}:{digest}" for form, digest in self._db.execute(query, (limit,))]

    def note(self, check: BlobCheck) -> None:
        """Write down what was found, and what the blob lists."""
        ours = self._db.execute(_KEY, (check.digest, check.form)).fetchone()[0]
        self._db.execute(
            "UPDATE blob SET state = ?, why = ? WHERE id = ?", (check.state.value, check.why, ours)
        )
        for member in check.members:
            self._db.execute(_ADD, _row(member, wanted=self._members))
            theirs = self._db.execute(_KEY, (member.digest, member.form)).fetchone()[0]
            self._db.execute("INSERT OR IGNORE INTO member VALUES (?, ?)", (theirs, ours))

    def count(self, state: BlobState) -> int:
        """Return how many blobs were found in a state."""
        return self._number("SELECT count(DISTINCT digest) FROM blob WHERE state = ?", state.value)

    @property
    def roots(self) -> int:
        """How many blobs rows refer to."""
        return self._number("SELECT count(*) FROM blob WHERE is_root")

    @property
    def finished_roots(self) -> int:
        """How many of them were read with all that they list."""
        seen = self._number("SELECT count(*) FROM blob WHERE is_root AND state IS NOT NULL")
        return seen - self._number(_UNFINISHED)

    @property
    def progress(self) -> tuple[int, int]:
        """How many blobs were looked at, and how many are to be, as far as is known."""
        done = self._number("SELECT count(*) FROM blob WHERE wanted AND state IS NOT NULL")
        return done, self._number("SELECT count(*) FROM blob WHERE wanted")

    def _number(self, query: str, *values: str) -> int:
        return int(self._db.execute(query, values).fetchone()[0])

    def lost(self, limit: int, most_refs: int) -> list[LostBlob]:
        """Return the first lost blobs, each with the things that need it."""
        query = (
            "SELECT digest, min(state), min(why) FROM blob WHERE state NOT IN ('intact', 'present')"
            " GROUP BY digest ORDER BY digest LIMIT ?"
        )
        return [self._lost(*row, most_refs=most_refs) for row in self._db.execute(query, (limit,)).fetchall()]

    def _lost(self, digest: str, state: str, why: str, *, most_refs: int) -> LostBlob:
        refs = [ref for (ref,) in self._db.execute(_HOLDERS, (digest,))]
        return LostBlob(
            digest=digest, state=BlobState(state), why=why, refs=refs[:most_refs], ref_count=len(refs)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()


def _row(blob: BlobReference | BlobMember, *, is_root: bool = False, wanted: int = 0) -> tuple[Any, ...]:
    return blob.form, blob.digest, is_root, wanted, blob.form == PLAIN
