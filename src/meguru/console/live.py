"""Who waits for what happens: the open streams, and the one thread that wakes them."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Hashable, Iterable, Mapping, Sequence
from contextlib import suppress

from meguru.base.outages import Outage
from meguru.errors import MeguruError
from meguru.kernel import events
from meguru.kernel.workspace import Workspace
from meguru.tracking.show import MAX_COUNTED_RUNS, count_points

log = logging.getLogger(__name__)
PACE = 0.5
"""Seconds between two looks, and between two messages of one stream."""


class Listener:
    """One stream of the running event loop: for whom it is, and how many points of runs its page has."""

    def __init__(self, ws: Workspace, points: Mapping[str, int] | None = None) -> None:
        self.ws, self.points = ws, dict(points or {})
        self.bell, self.loop = asyncio.Event(), asyncio.get_running_loop()
        self._moved: set[str] = set()
        self._lock = threading.Lock()

    def hear(self, counts: Mapping[str, int]) -> bool:
        """Take in how many points runs have now; tell whether that is news."""
        # `points` is this thread's alone; what moved is taken by the event loop's.
        moved = {run for run, known in self.points.items() if counts.get(run, known) != known}
        self.points |= {run: counts[run] for run in moved}
        with self._lock:
            self._moved |= moved
        return bool(moved)

    def take(self) -> list[str]:
        """Return the runs that have new points since the last time."""
        with self._lock:
            moved, self._moved = sorted(self._moved), set()
        return moved


def poll_points(listeners: Sequence[Listener]) -> list[Listener]:
    """Count the points of all watched runs; return the streams that have something to tell.

    Each principal's runs are counted as that principal in that project: one statement each, however many
    tabs. Tokens of one principal may reach less far than others.
    """
    watched: dict[Hashable, tuple[Workspace, set[str]]] = {}
    for listener in listeners:
        if listener.points:
            watched.setdefault(_rights(listener.ws), (listener.ws, set()))[1].update(listener.points)
    told = []
    for rights, (ws, runs) in watched.items():
        with suppress(MeguruError):  # a busy database is looked at again; who may not look hears nothing
            counts = count_points(ws, runs=sorted(runs)[:MAX_COUNTED_RUNS])
            told += [each for each in listeners if _rights(each.ws) == rights and each.hear(counts)]
    return told


def _rights(ws: Workspace) -> Hashable:
    return ws.principal.name, ws.principal.scope, ws.project


class Live:
    """Wakes every open stream when it has something to tell: one waiting thread, however many tabs.

    That is when an event is committed, or when a run that a stream watches has logged points: those make no
    event, so they are counted twice a second. Safe for many threads and event loops. `close` ends all
    streams, so that a server can drain.

    Parameters
    ----------
    life
        Seconds after which a stream ends; a browser reconnects by itself and says what it saw last.
    quiet
        Seconds of silence after which a stream says that it is still there.
    """

    def __init__(self, *, life: float = 60.0, quiet: float = 15.0) -> None:
        self.life, self.quiet = life, quiet
        self._closing = threading.Event()
        self._listeners: set[Listener] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def closed(self) -> bool:
        """Whether streams are over: the server drains."""
        return self._closing.is_set()

    def join(self, listener: Listener) -> None:
        """Add a stream; the first one starts the waiting thread."""
        with self._lock:
            self._listeners.add(listener)
            if self._thread is None and not self.closed:
                self._thread = threading.Thread(
                    target=self._wait, args=(listener.ws,), name="console-live", daemon=True
                )
                self._thread.start()

    def leave(self, listener: Listener) -> None:
        """Remove a stream; the thread ends soon after the last one."""
        with self._lock:
            self._listeners.discard(listener)

    def close(self) -> None:
        """End all streams now, and refuse new ones."""
        self._closing.set()
        self._wake(self._all())

    def _wait(self, ws: Workspace) -> None:
        head: int | None = None
        outage = Outage(log)
        looked = time.monotonic()
        while True:
            # Under the lock of `join`: a stream that comes now either is seen here, or starts a new thread.
            with self._lock:
                if self.closed or not self._listeners:
                    self._thread = None
                    return
            watching, told = any(listener.points for listener in self._all()), list[Listener]()
            try:
                if head is None:
                    with ws.read() as tx:
                        head = events.head(tx)
                now = events.wait(ws, after=head, timeout=PACE if watching else 1.0)
                if watching and time.monotonic() - looked >= PACE:
                    looked = time.monotonic()
                    told = poll_points(self._all())
            except Exception as error:  # noqa: BLE001 - told by the outage
                # A database that is away for a moment must not end the one thread that wakes every stream.
                outage.failed(error, "streams can't be told what happens")
                self._closing.wait(PACE)
                continue
            outage.worked("streams are told what happens")
            if now > head:
                head = now
                self._wake(self._all())
                # A busy log wakes streams twice a second, and not once an event: each wake is a query a
                # stream.
                self._closing.wait(PACE)
            self._wake(told)

    def _all(self) -> list[Listener]:
        with self._lock:
            return list(self._listeners)

    def _wake(self, listeners: Iterable[Listener]) -> None:
        for listener in listeners:
            with suppress(RuntimeError):  # a loop that was closed meanwhile hears nothing
                listener.loop.call_soon_threadsafe(listener.bell.set)
