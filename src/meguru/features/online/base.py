"""What an online store is: the newest row of each entity, of each version of a view."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol, Self, TypeAlias, TypeVar

from meguru.errors import TooLarge

_T = TypeVar("_T")
MAX_KEY_BYTES = 4 * 1024
MAX_VALUE_BYTES = 1024 * 1024
TOMBSTONE = b"\xff"
"""The packed values of a row that says that there is nothing any more: no packed row begins so, and none
sorts behind it."""


class OnlineRow(NamedTuple):
    """The packed values of one entity at one moment.

    `event` and `created` are microseconds since 1970 (UTC); `sequence` says which of two rows with the same
    moments came later. `packed` is made by `Layout.pack`, or is `TOMBSTONE`.
    """

    key: bytes
    event: int
    created: int
    sequence: int
    packed: bytes

    @property
    def rank(self) -> tuple[int, int, int, bytes]:
        """What decides which of two rows of a key is the newer one; equal only for equal rows."""
        return self[1:]


PlainRow: TypeAlias = tuple[bytes, int, int, int, bytes]
"""What an `OnlineRow` is to Python."""


class RowColumns(NamedTuple):
    """Rows as columns, in the order of `OnlineRow`: millions of rows are never so many objects at a time."""

    keys: Sequence[bytes]
    events: Sequence[int]
    created: Sequence[int]
    sequences: Sequence[int]
    packed: Sequence[bytes]

    @classmethod
    def of(cls, rows: Sequence[PlainRow]) -> Self:
        """Return rows as columns."""
        return cls(*zip(*rows, strict=True)) if rows else cls((), (), (), (), ())

    def rows(self) -> Iterator[PlainRow]:
        """Give the rows, one after the other."""
        return zip(*self, strict=True)


class Retraction(NamedTuple):
    """A row that is not true any more: it goes only if the store has just this one of its key."""

    key: bytes
    event: int
    created: int
    packed: bytes


FoundRow: TypeAlias = tuple[int, int, bytes]
"""A row as it is read: event time, created time, packed values."""
KeyQuery: TypeAlias = tuple[str, Sequence[bytes]]
"""The version of a view, and keys to read of it."""


class OnlineStore(Protocol):
    """Keeps one row for each (version of a view, key): the one with the highest `OnlineRow.rank`.

    The order of writes makes no difference, and writing a row again changes nothing. What `write` returned
    for is there for every reader in every process, and outlives them. Safe for many threads and processes,
    also for one that was forked. A store that can't be reached raises `Busy`.
    """

    is_local: bool
    """Whether a read takes so little time that an event loop may wait for it."""

    def write(self, view: str, rows: RowColumns, retract: Sequence[Retraction] = ()) -> int:
        """Take out what is retracted, then keep of the rows those that are newer than what is there.

        Both happen at one moment for readers.

        Returns
        -------
        int
            How many of the rows are new.

        Raises
        ------
        TooLarge
            If a key or the values of a row are larger than a store takes; nothing is written then.
        Busy
            If the store can't be reached.
        """
        ...

    def read(self, asked: Sequence[KeyQuery]) -> list[list[FoundRow | None]]:
        """Return the rows of keys, in the order of what is asked, in one round trip; None where none is."""
        ...

    def scan(self, view: str) -> Iterator[list[OnlineRow]]:
        """Give all rows of a view, some thousand at a time, with those that are `TOMBSTONE`; in any order."""
        ...

    def clear(self, view: str) -> None:
        """Forget a view and all its rows; one that was never written is as it was."""
        ...

    def views(self) -> dict[str, int]:
        """Return how many rows each view has, with those that are `TOMBSTONE`."""
        ...

    def close(self) -> None:
        """Close the connections of this process."""
        ...


def newest_by_key(rows: RowColumns) -> RowColumns:
    """Return of each key the row that wins, and refuse what is too large.

    Raises
    ------
    TooLarge
        If a key, or the values of a row, are larger than a store takes.
    """
    if (most := max(map(len, rows.keys), default=0)) > MAX_KEY_BYTES:
        raise TooLarge("a key is too large", why=f"it has {most:,} bytes of at most {MAX_KEY_BYTES:,}")
    if (most := max(map(len, rows.packed), default=0)) > MAX_VALUE_BYTES:
        why = f"they have {most:,} bytes of at most {MAX_VALUE_BYTES:,}"
        raise TooLarge("the values of a row are too large", why=why)
    # PostgreSQL refuses an upsert that touches one row twice, and Redis' script compares with what was there
    # before.
    if len(set(rows.keys)) == len(rows.keys):  # as whoever fills a store has them
        return rows
    best: dict[bytes, OnlineRow] = {}
    for row in map(OnlineRow._make, rows.rows()):
        there = best.get(row.key)
        if there is None or row.rank > there.rank:
            best[row.key] = row
    return RowColumns.of(list(best.values()))


def chunks(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    """Give items, so many at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
