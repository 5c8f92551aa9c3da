"""The points of one run from two sides, on disk: counted, compared and told apart in bounded memory."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Literal, NamedTuple

import msgspec

from meguru.mlflow.exchange.types import MlflowPoint

SpoolSide = Literal["there", "here"]
_BATCH = 10_000
_NAN = "nan"
_TABLE = (
    "CREATE TABLE {side} (key TEXT NOT NULL, step INTEGER NOT NULL, ms INTEGER NOT NULL, value NOT NULL, "
    "PRIMARY KEY (key, step, ms, value)) WITHOUT ROWID"
)


class Sum(NamedTuple):
    """How many points a side has, and the digest of all of them."""

    points: int
    digest: str


class PointSpool:
    """Holds two sets of points in a temporary database that goes away with the process."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -16000"):
            self._db.execute(f"PRAGMA {pragma}")
        for side in ("there", "here"):
            self._db.execute(_TABLE.format(side=side))

    def clear(self, side: SpoolSide) -> None:
        """Forget one side."""
        self._db.execute(f"DELETE FROM {side}")  # noqa: S608 - one of two words

    def add(self, side: SpoolSide, key: str, points: Iterable[MlflowPoint]) -> None:
        """Add points to one side; one that is there already is not added again."""
        rows = ((key, step, ms, _NAN if value is None else value) for step, ms, value in points)
        insert = f"INSERT OR IGNORE INTO {side} VALUES (?, ?, ?, ?)"  # noqa: S608 - one of two words
        while some := list(islice(rows, _BATCH)):
            self._db.execute("BEGIN")
            self._db.executemany(insert, some)
            self._db.execute("COMMIT")

    def sum(self, side: SpoolSide) -> Sum:
        """Return the count and the digest of one side."""
        found = self._db.execute(f"SELECT * FROM {side} ORDER BY key, step, ms, value")  # noqa: S608
        count, hashed = 0, hashlib.sha256()
        while rows := found.fetchmany(_BATCH):
            count += len(rows)
            hashed.update(msgspec.json.encode(rows))
        return Sum(count, hashed.hexdigest())

    def missing(self, *, at: SpoolSide = "here") -> Iterator[list[tuple[str, MlflowPoint]]]:
        """Return the points that only the other side has, in batches, by key and step."""
        other = "there" if at == "here" else "here"
        query = f"SELECT * FROM {other} EXCEPT SELECT * FROM {at} ORDER BY 1, 2, 3"  # noqa: S608
        found = self._db.execute(query)
        while rows := found.fetchmany(_BATCH):
            yield [
                (key, MlflowPoint(step, ms, None if value == _NAN else value))
                for key, step, ms, value in rows
            ]

    def close(self) -> None:
        """Give the space back."""
        self._db.close()
