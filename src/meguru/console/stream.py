"""The log as server-sent events: one connection a tab, at most two updates a second.

Only events of projects that its reader may see are told. Beside the events it hints at points: ``run.points``
of a run that the page watches. A hint has no number: it is no entry of the log, and is not told again to who
reconnects.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse

from meguru.artifacts import log
from meguru.console.live import PACE, Listener, Live
from meguru.errors import Forbidden, MeguruError, Unauthenticated
from meguru.kernel import events
from meguru.kernel.principals import Principal
from meguru.kernel.workspace import Workspace
from meguru.tracking.show import count_points

Readmit = Callable[[], Principal]
BATCH = 500
MAX_WATCHED = 100
MAX_DIGITS = 19


def endpoint(live: Live, get_workspace: Callable[[Request], Workspace]) -> Callable[[Request], object]:
    """Return the route's function: the events after ``?after=`` (or Last-Event-ID), then what comes."""

    async def stream(request: Request) -> object:
        try:
            ws = await anyio.to_thread.run_sync(get_workspace, request)
            after = await anyio.to_thread.run_sync(_start, request, ws)
            points = _points(request)
            await anyio.to_thread.run_sync(_may_count, ws, points)
        except MeguruError as error:
            return JSONResponse({"error": error.as_dict()}, error.status)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        told = follow(live, ws, after, points, readmit=getattr(request.state, "readmit", None))
        return StreamingResponse(told, media_type="text/event-stream", headers=headers)

    return stream


async def follow(
    live: Live,
    ws: Workspace,
    after: int,
    points: Mapping[str, int] | None = None,
    *,
    readmit: Readmit | None = None,
) -> AsyncIterator[bytes]:
    """Yield the events after `after` as they are committed, and hints, while the stream lives.

    A hint tells that a run has more points than the page has, by `points`. Before each look `readmit` tells
    what its reader may see by now; a reader whose token ended is told nothing more.
    """
    listener = Listener(ws, points)
    end = asyncio.get_running_loop().time() + live.life
    live.join(listener)
    try:
        yield b"retry: 1000\n\n"
        while not live.closed and asyncio.get_running_loop().time() < end:
            # Before the look: what is committed while it goes on sets the bell again, and is looked at next.
            listener.bell.clear()
            moved = listener.take()
            try:
                batch = await anyio.to_thread.run_sync(_read, ws, after, readmit)
            except (Unauthenticated, Forbidden):
                return
            if batch or moved:
                after = batch[-1].seq if batch else after
                yield b"".join([*map(_message, batch), *map(_hint, moved)])
                await asyncio.sleep(PACE)
                continue
            try:
                await asyncio.wait_for(listener.bell.wait(), live.quiet)
            except TimeoutError:
                yield b": still here\n\n"
    finally:
        live.leave(listener)


def _start(request: Request, ws: Workspace) -> int:
    """Return the event to go on from; reading one event asks whether the principal may read the log."""
    newest = log.list_events(ws, limit=1, newest_first=True).items
    head = newest[0].seq if newest else 0
    given = request.headers.get("last-event-id") or request.query_params.get("after", "")
    # A browser that was away for days is told the newest alone: its page reloads what it shows.
    return max(int(given), head - BATCH) if given.isdecimal() and len(given) < MAX_DIGITS else head


def _read(ws: Workspace, after: int, readmit: Readmit | None) -> list[events.Event]:
    if readmit is not None:
        ws.principal = readmit()  # the view is of this stream alone
    return log.list_events(ws, after=after, limit=BATCH).items


def _message(event: events.Event) -> bytes:
    shown = {"seq": event.seq, "type": event.type, "subject": event.subject, "at": event.at}
    return b"id: %d\ndata: %s\n\n" % (event.seq, msgspec.json.encode(shown))


def _hint(run: str) -> bytes:
    return b"data: %s\n\n" % msgspec.json.encode({"type": "run.points", "subject": f"run/{run}"})


def _points(request: Request) -> dict[str, int]:
    """Read how many points the page has of which runs, ``?points=RUN:COUNT`` each."""
    found = {}
    for text in request.query_params.getlist("points")[:MAX_WATCHED]:
        run, _, count = text.rpartition(":")
        if run and count.isdecimal() and len(count) < MAX_DIGITS:
            found[run] = int(count)
    return found


def _may_count(ws: Workspace, points: Mapping[str, int]) -> None:
    """Ask once as whoever listens, so that who may not see runs is told so."""
    if points:
        count_points(ws, runs=list(points))
