"""Write the diff to an online store in chunks, concurrently where it is on the network."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, Protocol

import polars as pl

from meguru.features.materialization.changes import CHUNK, PackedChunk, changes, packed, packed_chunks
from meguru.features.online.base import OnlineRow, OnlineStore, PlainRow, Retraction, RowColumns
from meguru.features.online.keys import KeyLayout
from meguru.features.online.layout import Layout

MAX_CONCURRENT_WRITES = 4
"""Parts that are under way to a store on the network."""


class Progress(Protocol):
    """Hears how many rows are dealt with, of how many, and how many of them were new or went."""

    def __call__(self, done: int, total: int, written: int, retracted: int) -> None:
        """Take note; it may raise, and nothing more is begun then."""
        ...


class Stored(NamedTuple):
    """What a version of a view is called in a store, and how its rows are packed there."""

    name: str
    keys: KeyLayout
    layout: Layout


def layouts_of(frame: pl.DataFrame, keys: list[str], others: set[str]) -> tuple[KeyLayout, Layout]:
    """Return how the rows of a frame are packed; `others` are its columns that are neither."""
    schema: Mapping[str, pl.DataType] = frame.schema
    # In the order in which they come back from the database, which keeps names sorted.
    names = sorted(name for name in schema if name not in others and name not in keys)
    features = {name: schema[name] for name in names}
    return KeyLayout({name: schema[name] for name in keys}), Layout(features)


def write_changes(
    store: OnlineStore,
    stored: Stored,
    before: pl.DataFrame | None,
    after: pl.DataFrame,
    *,
    skip: int,
    progress: Progress,
) -> None:
    """Write what differs between rows that are in a store and those that are to be there.

    Parameters
    ----------
    store, stored
        Where, and as what.
    before, after
        The rows that are there (None: none), and those that are to be; see `newest_rows`.
    skip
        So many rows were dealt with before.
    progress
        Hears of each part.
    """
    online_changes = changes(before, after, stored.keys.names)
    chunks = packed_chunks(online_changes, stored.keys, stored.layout, stored.layout, skip=skip)
    _write(
        store,
        stored.name,
        chunks,
        done=min(skip, online_changes.put.height),
        total=online_changes.total,
        progress=progress,
    )


def write_all(
    store: OnlineStore, stored: Stored, after: pl.DataFrame, *, keep_from: int, progress: Progress
) -> None:
    """Compare all rows of a store with those that are to be there, and write what differs.

    Rows that were pushed as number `keep_from` or later are left: they are not among these yet.
    """
    wanted = {row[0]: row for row in packed(after, stored.keys, stored.layout).rows()}
    total, met = len(wanted), set[bytes]()

    def chunks() -> Iterator[PackedChunk]:
        for there in store.scan(stored.name):
            # A store may give a row twice, if others write meanwhile: the second time nothing is to be done.
            yield _compared([row for row in there if row.key not in met], wanted, keep_from)
            met.update(row.key for row in there)
        rest = [row for key, row in wanted.items() if key not in met]
        for start in range(0, len(rest), CHUNK):
            part = rest[start : start + CHUNK]
            yield PackedChunk(RowColumns.of(part), [], len(part))

    _write(store, stored.name, chunks(), done=0, total=total, progress=progress)


def _compared(part: list[OnlineRow], wanted: dict[bytes, PlainRow], keep_from: int) -> PackedChunk:
    rows: list[PlainRow] = []
    retract, met = [], 0
    for there in part:
        want = wanted.get(there.key)
        met += want is not None
        if want is not None and (want[1:3], want[4]) == (there[1:3], there[4]):
            continue
        if there.sequence < keep_from:
            retract.append(Retraction(there.key, there.event, there.created, there.packed))
        if want is not None:
            rows.append(want)
    return PackedChunk(RowColumns.of(rows), retract, met)


def _write(
    store: OnlineStore,
    name: str,
    chunks: Iterator[PackedChunk],
    *,
    done: int,
    total: int,
    progress: Progress,
) -> None:
    """Write parts in their order; to a store on the network some at once, while the next one is packed.

    A local store is written by this thread: of two, one would wait for the other's interpreter lock at each
    row.
    """

    def ended(chunk: PackedChunk, written: int) -> None:
        nonlocal done
        done += chunk.size
        progress(min(done, total), total, written, len(chunk.retract))

    def write(chunk: PackedChunk) -> int:
        return store.write(name, chunk.rows, chunk.retract) if chunk.rows.keys or chunk.retract else 0

    if store.is_local:
        for chunk in chunks:
            ended(chunk, write(chunk))
        return
    waiting: deque[tuple[PackedChunk, Future[int]]] = deque()
    with ThreadPoolExecutor(MAX_CONCURRENT_WRITES, thread_name_prefix="materialize") as pool:
        for chunk in chunks:
            waiting.append((chunk, pool.submit(write, chunk)))
            if len(waiting) > MAX_CONCURRENT_WRITES:
                first, writing = waiting.popleft()
                ended(first, writing.result())
        for chunk, writing in waiting:
            ended(chunk, writing.result())
