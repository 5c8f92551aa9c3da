"""Open a workspace in this process: its database, its blobs, its schema."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select, text

from meguru.app.migrate import migrate
from meguru.base.clock import Clock
from meguru.base.roots import DATABASE
from meguru.base.settings import Settings
from meguru.errors import NotFound, UsageError
from meguru.kernel.event_log import START
from meguru.kernel.events.schema import event_head
from meguru.kernel.workspace import Workspace
from meguru.storage.blobs import open_store, pending
from meguru.storage.db import Database


def open_here(where: str, chosen: Settings, clock: Clock | None, *, create: bool) -> Workspace:
    """Open a folder or a database URL; its schema is brought up to date."""
    if "://" in where:
        if not chosen.blobs:
            raise UsageError(
                "a workspace on a database server needs a place for its blobs",
                where="MEGURU_BLOBS",
                hint="set MEGURU_BLOBS to a folder or to s3://BUCKET/PREFIX",
            )
        root, url, blobs = None, where, chosen.blobs
    else:
        root = Path(where).absolute()
        if not create and not (root / DATABASE).exists():
            raise NotFound(f"there is no workspace in {root}", where=str(root), hint="run: meguru init")
        _make(root)
        url, blobs = f"sqlite:///{root / DATABASE}", chosen.blobs or _blobs_of(root)
    db = Database(url, sqlite_synchronous=chosen.sqlite_synchronous)
    try:
        migrate(db)
        _first_time(db)
        store = open_store(blobs)
        pending.recover(db, store)  # small blobs are in the database until they are surely on the disk
    except BaseException:
        db.close()
        raise
    return Workspace(db=db, blobs=store, settings=chosen, root=root, clock=clock)


def _blobs_of(root: Path) -> str:
    """Return where the blobs of a workspace's folder are: in it, encrypted if a file there says so."""
    try:
        key = (root / "blobs.sealed").read_text("utf-8").strip()
    except FileNotFoundError:
        return str(root / "blobs")
    from meguru.storage.blobs.sealed.store import sealed_url

    return sealed_url(str(root / "blobs"), key)


def _make(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
        if not (root / ".gitignore").exists():
            (root / ".gitignore").write_text("*\n", "utf-8")
    except (OSError, ValueError) as error:
        raise UsageError(f"there can't be a workspace in {root}", where=str(root), why=str(error)) from error


def _first_time(db: Database) -> None:
    with db.read() as tx:
        if tx.execute(select(event_head.c.id)).first():
            return
    with db.write() as tx:
        # Others may open it for the first time just now: SQLite has one writer, who finds what is there.
        if db.is_sqlite and tx.execute(select(event_head.c.id)).first():
            return
        first = text("INSERT INTO event_head (id, seq, hash) VALUES (1, 0, :hash) ON CONFLICT DO NOTHING")
        tx.execute(first, {"hash": START})
