"""What changes something: ``/push``, ``/write-to-online-store``, ``/materialize`` and the incremental one."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial

import msgspec
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from meguru.api.feast.messages import MaterializeRequest, PushedFrame, WrittenFrame, error_body, read
from meguru.api.requests import on_thread, read_body, workspace_of
from meguru.base import refs
from meguru.errors import InternalError, InvalidInput, MeguruError, NotFound
from meguru.features import store
from meguru.features.materialization.runner import wait_for
from meguru.features.materialization.start import start
from meguru.features.materialization.types import MaterializationState
from meguru.features.push.push import push
from meguru.kernel.operations.authorise import require
from meguru.kernel.workspace import Workspace

log = logging.getLogger(__name__)
Handler = Callable[[Request], Awaitable[Response]]
_TARGETS = {"online", "offline", "online_and_offline"}
MAX_WAITERS = 100
"""Clients at a time whose materialization is waited for; others wait for their turn."""


def feast_routes() -> list[Route]:
    """Return the routes of Feast's feature server that change something."""
    # Threads of their own: those that answer everything else would all be gone once enough clients wait for a
    # materialization, which may take hours.
    waiters = CapacityLimiter(MAX_WAITERS)
    materialize = _with_errors(partial(_materialize, waiters=waiters))
    return [
        Route("/push", _with_errors(_push), methods=["POST"]),
        Route("/write-to-online-store", _with_errors(_write), methods=["POST"]),
        Route("/materialize", materialize, methods=["POST"]),
        Route("/materialize-incremental", materialize, methods=["POST"]),
    ]


def _with_errors(handler: Handler) -> Handler:
    """Answer errors as Feast's servers do."""

    async def answered(request: Request) -> Response:
        try:
            return await handler(request)
        except Exception as error:
            if not isinstance(error, MeguruError):
                log.exception("a request of a Feast client failed")
                error = InternalError("something went wrong in the server", hint="its log has the traceback")
            return Response(error_body(error), error.status, media_type="application/json")

    return answered


async def _push(request: Request) -> Response:
    ws = workspace_of(request)
    sent: PushedFrame = read(await read_body(request, ws.settings.max_body), PushedFrame)
    if sent.to not in _TARGETS:
        why = f"it is one of {', '.join(sorted(_TARGETS))}"
        raise InvalidInput(f"{sent.to[:40]!r} is no place to push to", field="to", why=why)

    def work() -> None:
        for view in _of_source(ws, sent.push_source_name):
            push(ws, view=view, columns=sent.df, to=sent.to)  # type: ignore[arg-type]

    await on_thread(work)
    return Response(status_code=200)


def _of_source(ws: Workspace, name: str) -> list[str]:
    """Return the views that a push source is of: the one of its name, or those whose source is called so."""
    require(ws, push.permission, push.name)
    with ws.read() as tx:
        specs = store.specs(tx, "feature_view", ws.principal.projects(push.permission))
    full = refs.within(ws.home, name)
    if full in specs:
        return [full]
    found = [
        view
        for view, spec in specs.items()
        if spec.get("push")
        and any(refs.within(refs.project_of(view), each) == full for each in spec["sources"].values())
    ]
    if not found:
        raise NotFound.of("push source", name, [each for each, spec in specs.items() if spec.get("push")])
    return found


async def _write(request: Request) -> Response:
    ws = workspace_of(request)
    sent: WrittenFrame = read(await read_body(request, ws.settings.max_body), WrittenFrame)
    await on_thread(lambda: push(ws, view=sent.feature_view_name, columns=sent.df, to="online"))
    return Response(b"null", media_type="application/json")


async def _materialize(request: Request, *, waiters: CapacityLimiter) -> Response:
    ws = workspace_of(request)
    asked: MaterializeRequest = read(await read_body(request, ws.settings.max_body), MaterializeRequest)
    since = None if asked.disable_event_timestamp else _moment(asked.start_ts, "start_ts")
    as_of = None if asked.disable_event_timestamp else _moment(asked.end_ts, "end_ts")
    if since is not None and as_of is not None and since >= as_of:
        raise InvalidInput(f"start_ts ({since}) must be before end_ts ({as_of})", field="start_ts")
    begun = await on_thread(lambda: _begun(ws, asked, since, as_of))
    if request.query_params.get("async", "").lower() in {"true", "1"}:
        names = [refs.parse(each).name for each, _ in begun]
        told = {"status": "accepted", "feature_views": names}
        return Response(msgspec.json.encode(told), 202, media_type="application/json")
    for view, made in begun:
        found = await run_sync(wait_for, ws, made, limiter=waiters)
        if found.state is not MaterializationState.SUCCEEDED:
            raise InternalError(f"{view} could not be brought online", where=found.ref, why=found.reason)
    return Response(b"null", media_type="application/json")


def _begun(
    ws: Workspace, asked: MaterializeRequest, since: datetime | None, as_of: datetime | None
) -> list[tuple[str, str]]:
    names = asked.feature_views
    if names is None:
        require(ws, start.permission, start.name)
        with ws.read() as tx:
            specs = store.specs(tx, "feature_view", ws.principal.projects(start.permission))
        names = [name for name, spec in specs.items() if store.is_kept_online(spec)]
    if asked.version and len(names) == 1:
        names = [f"{names[0]}@{asked.version.removeprefix('v')}"]
    made = [start(ws, view=name, since=since, as_of=as_of) for name in names]
    return [(each.view, each.id) for each in made]


def _moment(text: str | None, field: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{text[:40]!r} is no moment", field=field, hint="2026-01-31T12:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
