"""The log as server-sent events: one connection a tab, at most two updates a second."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse

from meguru.artifacts import log
from meguru.errors import MeguruError
from meguru.kernel import events
from meguru.kernel.workspace import Workspace

PACE = 0.5
BATCH = 500


class Live:
    """Rings every open stream when an event is committed: one waiting thread, however many tabs.

    Safe for many threads and event loops. `close` ends all streams, so that a server can drain.

    Parameters
    ----------
    life
        Seconds after which a stream ends; a browser reconnects by itself and says what it saw last.
    quiet
        Seconds of silence after which a stream says that it is still there.
    """

    def __init__(self, *, life: float = 60.0, quiet: float = 15.0) -> None:
        self.life, self.quiet = life, quiet
        self.closed = False
        self._bells: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def join(self, ws: Workspace, bell: asyncio.Event) -> None:
        """Add a stream of the running event loop; the first one starts the waiting thread."""
        with self._lock:
            self._bells[bell] = asyncio.get_running_loop()
            if self._thread is None and not self.closed:
                self._thread = threading.Thread(
                    target=self._watch, args=(ws,), name="console-live", daemon=True
                )
                self._thread.start()

    def leave(self, bell: asyncio.Event) -> None:
        """Remove a stream; the thread ends soon after the last one."""
        with self._lock:
            self._bells.pop(bell, None)

    def close(self) -> None:
        """End all streams now, and refuse new ones."""
        self.closed = True
        self._ring()

    def _watch(self, ws: Workspace) -> None:
        with ws.read() as tx:
            head = events.head(tx)
        while True:
            with self._lock:
                if self.closed or not self._bells:
                    self._thread = None
                    return
            now = events.wait(ws, after=head, timeout=1.0)
            if now > head:
                head = now
                self._ring()

    def _ring(self) -> None:
        with self._lock:
            for bell, loop in self._bells.items():
                with suppress(RuntimeError):  # a loop that was closed meanwhile hears nothing
                    loop.call_soon_threadsafe(bell.set)


def endpoint(live: Live, get_workspace: Callable[[Request], Workspace]) -> Callable[[Request], object]:
    """Return the route's function: the events after ``?after=`` (or Last-Event-ID), then what comes."""

    async def stream(request: Request) -> object:
        try:
            ws = await anyio.to_thread.run_sync(get_workspace, request)
            after = await anyio.to_thread.run_sync(_start, request, ws)
        except MeguruError as error:
            return JSONResponse({"error": error.as_dict()}, error.status)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(follow(live, ws, after), media_type="text/event-stream", headers=headers)

    return stream


async def follow(live: Live, ws: Workspace, after: int) -> AsyncIterator[bytes]:
    """Yield the events after `after` as they are committed, until the stream's life is over."""
    bell = asyncio.Event()
    end = asyncio.get_running_loop().time() + live.life
    live.join(ws, bell)
    try:
        yield b"retry: 1000\n\n"
        while not live.closed and asyncio.get_running_loop().time() < end:
            bell.clear()
            batch = await anyio.to_thread.run_sync(_read, ws, after)
            if batch:
                after = batch[-1].seq
                yield b"".join(map(_message, batch))
                await asyncio.sleep(PACE)
                continue
            try:
                await asyncio.wait_for(bell.wait(), live.quiet)
            except TimeoutError:
                yield b": still here\n\n"
    finally:
        live.leave(bell)


def _start(request: Request, ws: Workspace) -> int:
    """Return the event to go on from; reading one event asks whether the principal may read the log."""
    newest = log.list_events(ws, limit=1, newest_first=True).items
    head = newest[0].seq if newest else 0
    given = request.headers.get("last-event-id") or request.query_params.get("after", "")
    return max(int(given), head - BATCH) if given.isdecimal() and len(given) < 19 else head


def _read(ws: Workspace, after: int) -> list[events.Event]:
    return log.list_events(ws, after=after, limit=BATCH).items


def _message(event: events.Event) -> bytes:
    shown = {"seq": event.seq, "type": event.type, "subject": event.subject, "at": event.at}
    return b"id: %d\ndata: %s\n\n" % (event.seq, msgspec.json.encode(shown))
