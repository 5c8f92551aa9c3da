"""A query that is answered by the server: in a process that sees the asked tables alone, within bounds."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from meguru.base import refs
from meguru.base.paging import check_limit
from meguru.base.sandbox.launch import Confined, confined
from meguru.datasets import store
from meguru.datasets.manifest import load_manifest
from meguru.datasets.redaction import hidden_columns
from meguru.datasets.spec import said_of
from meguru.datasets.sql.guard import tables_of
from meguru.datasets.sql.types import AskedQuery, AskedTable, ConfinedAnswer, QueryAnswer
from meguru.datasets.sql.work import ANSWERED, ASKED
from meguru.datasets.types import DatasetVersion
from meguru.errors import Busy, InvalidInput, NotFound, TimedOut, TooLarge, UsageError
from meguru.kernel.operations import Context, operation

SECONDS, MEMORY, ANSWER = 10.0, 1536 << 20, 16 << 20
"""What one query may use: time, bytes of memory, bytes of its answer."""
MOST_TABLES, MOST_FILES = 20, 1000
AT_ONCE, PATIENCE = 2, 5.0
"""So many queries are answered at a time by one process; others wait so many seconds."""
HINT = "narrow it, or ask where you are: meguru data sql"
_room = threading.BoundedSemaphore(AT_ONCE)


@operation("dataset.query", permission="dataset:read", query=True)
def query(ctx: Context, *, sql: str, rows: int = 100) -> QueryAnswer:
    """Answer a SELECT over datasets: tables by their name, ``"flights@3"`` for one version.

    It is answered in a process of its own without network, other files or secrets, in 10 seconds and 1.5 GB
    of memory at most. Datasets that the caller may not see are not there. At most 1,000 rows are given.

    Raises
    ------
    UsageError
        If it is no question, or asks for anything but datasets.
    InvalidInput
        If it makes no sense to the engine, or needs more than it may use.
    """
    wanted = check_limit(rows)
    versions = _tables(ctx, tables_of(sql))
    asked = {name: _asked(ctx, version) for name, version in versions.items()}
    began = time.monotonic()
    with _turn(), _folder() as folder:
        (folder / ASKED).write_bytes(msgspec.json.encode(AskedQuery(query=sql, tables=asked, rows=wanted)))
        places = [Path(each) for table in asked.values() for each in table.places.values()]
        ended = confined(
            "meguru.datasets.sql.work:answer",
            folder,
            seconds=SECONDS,
            memory=MEMORY,
            file=ANSWER,
            readable=places,
        )
        found = _read(folder / ANSWERED, ended)
    tables = [version.ref for version in versions.values()]
    return msgspec.structs.replace(found, tables=tables, seconds=round(time.monotonic() - began, 3))


def _tables(ctx: Context, names: set[str]) -> dict[str, DatasetVersion]:
    """Return the versions that a query names, among those that may be seen."""
    found = {}
    known = set(store.names(ctx.tx, ctx.visible))
    for name in sorted(names):
        full = refs.within(ctx.ws.project, name.partition("@")[0])
        if full in known:
            number = name.partition("@")[2]
            try:
                found[name] = store.resolve(ctx.tx, f"{full}@{number}" if number else full, ctx.seen)
            except NotFound as error:
                raise InvalidInput(error.what, why=error.why, hint=error.hint, field="sql") from None
    if not found:
        shown = ", ".join(sorted(known)[:12])
        raise UsageError(
            "the query names no dataset",
            hint=f"there are {shown}" if shown else "meguru data add NAME FILE",
            field="sql",
        )
    if len(found) > MOST_TABLES:
        raise TooLarge(f"a query has at most {MOST_TABLES} tables", field="sql")
    return found


def _asked(ctx: Context, version: DatasetVersion) -> AskedTable:
    manifest = load_manifest(ctx.blobs, version)
    if len(manifest.files) > MOST_FILES:
        raise TooLarge(
            f"{version.ref} has {len(manifest.files):,} files",
            why=f"a query here reads at most {MOST_FILES:,}",
            hint="ask it where you are: meguru data sql",
        )
    needed = {file.digest for file in manifest.files} | {
        file.deleted for file in manifest.files if file.deleted
    }
    places = {digest: str(ctx.blobs.path(digest)) for digest in sorted(needed)}
    hidden = hidden_columns(said_of(ctx.tx, version.name)) & {column.name for column in manifest.columns}
    return AskedTable(manifest=manifest, places=places, hidden=sorted(hidden))


@contextmanager
def _turn() -> Iterator[None]:
    if not _room.acquire(timeout=PATIENCE):
        raise Busy("other queries are being answered", hint="ask again in a few seconds")
    try:
        yield
    finally:
        _room.release()


@contextmanager
def _folder() -> Iterator[Path]:
    # One level below a folder of ours: what the process said is written beside it.
    above = Path(tempfile.mkdtemp(prefix="meguru-query-"))
    try:
        folder = above / "work"
        folder.mkdir()
        yield folder
    finally:
        shutil.rmtree(above, ignore_errors=True)


def _read(path: Path, ended: Confined) -> QueryAnswer:
    """Read what the process left; what is no answer is told as what it was."""
    if ended.timed_out or ended.code in {-24, 128 + 24}:
        raise TimedOut(
            "the query took too long",
            why=f"it may take {SECONDS:.0f} s",
            hint=HINT,
        )
    try:
        size = path.stat().st_size
        done = msgspec.json.decode(path.read_bytes(), type=ConfinedAnswer) if size <= ANSWER else None
    except (OSError, msgspec.DecodeError):
        done = None
    if done is None:
        why = f"it may use {MEMORY >> 20:,} MiB of memory and answer {ANSWER >> 20} MiB"
        raise TooLarge("the query needs too much", why=why, hint=HINT)
    if done.answer is None:
        raise InvalidInput("the query can't be answered", why=done.error, field="sql")
    return done.answer
