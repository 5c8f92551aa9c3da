"""Run a query in a sandboxed process, and read its result."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from meguru.base.sandbox.launch import Confined, confined
from meguru.base.sandbox.results import left_bytes
from meguru.datasets.sql.types import AskedQuery, AskedTable, ConfinedAnswer, QueryAnswer
from meguru.datasets.sql.worker import ANSWERED, ASKED
from meguru.errors import Busy, InvalidInput, TimedOut, TooLarge

if TYPE_CHECKING:
    import polars as pl

MAX_ANSWER_BYTES = 16 << 20
"""Bytes of an answer."""
MAX_CONCURRENT = 2
"""So many queries are answered at a time by one process."""
HINT = "narrow it, or ask where you are: meguru data sql"
_Left = TypeVar("_Left")
_room = threading.BoundedSemaphore(MAX_CONCURRENT)


class QueryLimits(NamedTuple):
    """What a query may use: time in seconds, bytes of memory; how many seconds it waits for others."""

    seconds: float
    memory: int
    patience: float


EXPECTATION = QueryLimits(seconds=120.0, memory=3 << 30, patience=300.0)


def answer_confined(query: AskedQuery, limits: QueryLimits) -> QueryAnswer:
    """Answer a query in a process that sees the files of its tables, and nothing else.

    Raises
    ------
    InvalidInput
        If it makes no sense to the engine.
    TimedOut, TooLarge
        If it needs more than it may use.
    Busy
        If other queries are being answered.
    """
    with query_slot(limits), scratch_folder() as folder:
        (folder / ASKED).write_bytes(msgspec.json.encode(query))
        ended = confined(
            "meguru.datasets.sql.worker:answer",
            folder,
            seconds=limits.seconds,
            memory=limits.memory,
            file=MAX_ANSWER_BYTES,
            readable=readable_of(query.tables.values()),
        )
        done = read_result(folder / ANSWERED, ended, limits, ConfinedAnswer)
    if done.answer is None:
        raise InvalidInput("the query can't be answered", why=done.error, field="sql")
    return done.answer


def readable_of(tables: Iterable[AskedTable]) -> list[Path]:
    """Return the files of some tables."""
    return [Path(place) for table in tables for place in table.places.values()]


def query_rows(query: str, name: str, rows: pl.LazyFrame, most: int) -> QueryAnswer:
    """Ask rows that are no version yet, under a name: the first of the answer, and how many there are."""
    with tempfile.TemporaryDirectory(prefix="meguru-rows-") as folder:
        place = Path(folder, "rows.parquet")
        rows.sink_parquet(place, compression="lz4")
        table = AskedTable(manifest=None, places={"rows": str(place)})
        return answer_confined(
            AskedQuery(query=query, tables={name: table}, rows=most, total=True), EXPECTATION
        )


@contextmanager
def query_slot(limits: QueryLimits) -> Iterator[None]:
    """Wait for room to answer a query; Busy, if there is none for too long."""
    if not _room.acquire(timeout=limits.patience):
        raise Busy("other queries are being answered", hint="ask again in a few seconds")
    try:
        yield
    finally:
        _room.release()


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give an empty folder for a confined process, until the block ends."""
    # One level below a folder of ours: what the process said is written beside it.
    above = Path(tempfile.mkdtemp(prefix="meguru-query-"))
    try:
        folder = above / "work"
        folder.mkdir()
        yield folder
    finally:
        shutil.rmtree(above, ignore_errors=True)


def read_result(path: Path, ended: Confined, limits: QueryLimits, kind: type[_Left]) -> _Left:
    """Read what a confined process left; what is nothing is told as what it was.

    Raises
    ------
    TimedOut, TooLarge
        If it needed more than it may use.
    """
    # 24 is SIGXCPU, of the limit for CPU time: by itself, or as a shell or the inner process tells it.
    if ended.timed_out or ended.code in {-24, 128 + 24}:
        raise TimedOut(
            "the query took too long",
            why=f"it may take {limits.seconds:.0f} s",
            hint=HINT,
        )
    body = left_bytes(path, MAX_ANSWER_BYTES)
    try:
        done = None if body is None else msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError:
        done = None
    if done is None:
        why = f"it may use {limits.memory >> 20:,} MiB of memory and answer {MAX_ANSWER_BYTES >> 20} MiB"
        raise TooLarge("the query needs too much", why=why, hint=HINT)
    return done
