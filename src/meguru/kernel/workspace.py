"""One open workspace: its database, blobs, settings and clock, seen by one principal."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Protocol, Self

from sqlalchemy import Connection

from meguru.base.cache import cache_folder
from meguru.base.clock import Clock, SystemClock
from meguru.base.refs import DEFAULT
from meguru.base.settings import Settings
from meguru.kernel.events.read import HEAD
from meguru.kernel.events.watch import LogWatch
from meguru.kernel.kinds.provided import provided
from meguru.kernel.operations.denials import DenialLimit
from meguru.kernel.operations.execute import execute
from meguru.kernel.operations.operation import Operation
from meguru.kernel.principals import LOCAL_OWNER, Principal
from meguru.storage.blobs import BlobStore, pending
from meguru.storage.db import Database


class Closeable(Protocol):
    """A part of an open workspace that holds connections of its own."""

    def close(self) -> None:
        """Let go of them."""
        ...


class Workspace:
    """A workspace opened in this process. Operations take it (or a `RemoteWorkspace`) as first argument.

    Safe for many threads. `with_` returns a view for another principal, cause or idempotency key; all
    views share the connections.
    """

    is_remote = False

    def __init__(
        self,
        *,
        db: Database,
        blobs: BlobStore,
        settings: Settings,
        root: Path | None = None,
        clock: Clock | None = None,
        principal: Principal = LOCAL_OWNER,
    ) -> None:
        self.db, self.blobs, self.settings, self.root = db, blobs, settings, root
        self.clock: Clock = clock or SystemClock()
        self.principal = principal
        self.project = ""
        """The project in which bare names are; empty: the default one, and lists show all projects."""
        self.cause: str | None = None
        self.cited: str | None = None
        """The cause that a client names; it becomes `cause` when it is proved to be one."""
        self.idempotency_key: str | None = None
        self.snapshot_tx: Connection | None = None
        """The one transaction of a view made by `snapshot`."""
        self.parts: dict[str, Closeable] = {}
        """What else belongs to the open workspace, made by whoever needs it first, and closed with it."""
        self.watch = LogWatch(partial(db.change_counter, HEAD))
        self.committed = self.watch.committed
        self.draining = threading.Event()
        self.denials = DenialLimit()

    def with_(
        self,
        *,
        principal: Principal | None = None,
        project: str | None = None,
        cause: str | None = None,
        idempotency_key: str | None = None,
    ) -> Self:
        """Return a view: what is given replaces this view's; an idempotency key is never inherited."""
        view = copy.copy(self)
        view.principal = principal or self.principal
        view.project = self.project if project is None else project
        view.cause = cause or self.cause
        view.idempotency_key = idempotency_key  # of one request: what follows from it is another
        return view

    def execute(self, operation: Operation[..., Any], arguments: dict[str, Any]) -> Any:
        """Run one operation; `operation(ws, …)` is the usual way to call this."""
        return execute(self, operation, arguments)

    def read(self) -> AbstractContextManager[Connection]:
        """Open a read transaction; in a view made by `snapshot`, go on in that view's."""
        return self.db.read() if self.snapshot_tx is None else nullcontext(self.snapshot_tx)

    @contextmanager
    def snapshot(self) -> Iterator[Self]:
        """Open a view that sees one moment: all its queries share one read transaction.

        The moment is that of the first query. The view is for one thread, and for queries alone: what it
        changed it could not see.
        """
        with self.read() as tx:
            view = self.with_()
            view.snapshot_tx = tx
            yield view

    def outside(self) -> Self:
        """Return a view whose transactions are its own: for what a snapshot can't do, or must not see old."""
        view = self.with_()
        view.snapshot_tx = None
        return view

    @property
    def home(self) -> str:
        """The one project that a door with flat names is in: that of the view, else the default one."""
        return "" if self.project == DEFAULT else self.project

    @property
    def is_snapshot(self) -> bool:
        """Whether this view sees one moment."""
        return self.snapshot_tx is not None

    def cache_folder(self, name: str) -> Path:
        """Return a folder for things that can be made again."""
        if self.root is None:
            return cache_folder(name)
        folder = self.root / "cache" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def features(self) -> Any:
        """Features from Python: see `meguru.features.door.FeatureDoor`."""
        return provided("features door").load("feature_view")(self)

    def notify(self) -> None:
        """Have whoever waits for events or for work look for it."""
        self.watch.notify()

    def drain(self) -> None:
        """End whatever waits for events: the process is stopping."""
        self.draining.set()
        self.watch.close()

    def close(self) -> None:
        """Flush the small blobs that this process left, and close the database's idle connections."""
        while self.parts:
            self.parts.popitem()[1].close()
        pending.flush_own(self.db, self.blobs)
        self.db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
