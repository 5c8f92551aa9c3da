"""``POST /get-online-features``, and our own like it, bare: a framework would cost more than the lookup."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

import msgspec
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from meguru.api.feast import metrics
from meguru.api.feast.messages import OnlineRequest, OwnRequest, error_body, read
from meguru.api.requests import IDLE_SECONDS, read_body
from meguru.errors import InternalError, InvalidInput, MeguruError, TimedOut
from meguru.features.online.answer import answer_of, plain_answer
from meguru.features.online.plan import ReadPlan
from meguru.features.online.reader import (
    PERMISSION,
    permit,
    permit_asked,
    permit_personal,
    reader_of,
    refs_of,
)
from meguru.features.online.stores import online_of
from meguru.kernel.workspace import Workspace
from meguru.serving.timeouts import IdleTimeouts

if TYPE_CHECKING:
    from meguru.api.feast.answers import FeastForm

log = logging.getLogger(__name__)
OWN = "/api/v1/features/get"
MAX_FORMS = 1_000
_JSON = (b"content-type", b"application/json")


class FeatureLane:
    """Answers who asks for features. What a question comes to is found once, and then known."""

    def __init__(self, ws: Workspace) -> None:
        self._reader, self._store = reader_of(ws), online_of(ws)
        self._limit, self._patience = ws.settings.max_body, IdleTimeouts(IDLE_SECONDS)
        self._forms: OrderedDict[tuple[int, bool, bool], tuple[ReadPlan, FeastForm]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started = time.perf_counter()
        headers = [_JSON]
        try:
            status, body = 200, await self._answer(scope, receive)
        except Exception as error:  # noqa: BLE001 - each becomes an answer
            status, body = _refused(error, own=scope["path"] == OWN)
            if status == 503:
                headers.append((b"retry-after", b"1"))
        headers.append((b"content-length", str(len(body)).encode()))
        metrics.requests(status).inc()
        metrics.SECONDS.observe(time.perf_counter() - started)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> bytes:
        if scope["method"] != "POST":
            raise InvalidInput(f"{scope['method']} is not for this address", why="it takes POST")
        sent = await self._body(scope, receive)
        question = read(sent, OwnRequest).as_feasts() if scope["path"] == OWN else read(sent, OnlineRequest)
        ws: Workspace = scope["state"]["workspace"]
        is_owner = ws.principal.allows(PERMISSION)
        if not is_owner:
            asked = refs_of(ws.home, question.features, question.feature_service or "")
            await run_sync(permit_asked, ws, asked)
        plan = await self._plan(ws, question)
        if not is_owner:
            await run_sync(permit, ws, plan.projects)
        if plan.personal:
            await run_sync(permit_personal, ws, plan)
        entities, reader, now = question.entities, self._reader, ws.clock.now()
        if self._store.is_local:
            found = reader.read(plan, entities, now)
        else:
            found = await run_sync(reader.read, plan, entities, now)
        metrics.ENTITIES.inc(len(found[0].values))
        if scope["path"] == OWN:
            full = question.full_feature_names
            return msgspec.json.encode(plain_answer(answer_of(plan, found, entities, now, full_names=full)))
        return self._form(plan, question).body(found, entities)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        """Return the body; one that comes in one piece, as most do, costs no clock of its own."""
        try:
            first = await self._patience.wait(receive())
        except TimeoutError as error:
            raise TimedOut("the body did not come", hint="send the request again") from error
        body: bytes = first.get("body", b"")
        if first["type"] == "http.request" and not first.get("more_body") and len(body) <= self._limit:
            return body
        waiting = [first]

        async def again() -> Message:
            return waiting.pop() if waiting else await receive()

        return await read_body(Request(scope, again), self._limit)

    async def _plan(self, ws: Workspace, question: OnlineRequest) -> ReadPlan:
        project, service = ws.home, question.feature_service or ""
        features = () if service else tuple(question.features)
        known = self._reader.known_plan(project, features, service)
        if known is not None:
            return known
        return await run_sync(self._reader.plan, project, features, service)

    def _form(self, plan: ReadPlan, question: OnlineRequest) -> FeastForm:
        full_names, versions = question.full_feature_names, question.include_feature_view_version_metadata
        # By identity, as a plan has thousands of fields to hash. The entry holds the plan: while it is here,
        # no other object gets its id; the check is for one that was put out and whose id was given again.
        key = (id(plan), full_names, versions)
        found = self._forms.get(key)
        if found is None or found[0] is not plan:
            from meguru.api.feast.answers import FeastForm  # with Polars, which the plan has loaded by now

            made = FeastForm(plan, full_names=full_names, versions=versions)
            found = self._forms[key] = (plan, made)
            while len(self._forms) > MAX_FORMS:
                self._forms.popitem(last=False)
        return found[1]


def _refused(error: Exception, *, own: bool) -> tuple[int, bytes]:
    if not isinstance(error, MeguruError):
        log.error("a request for features failed", exc_info=error)
        error = InternalError("something went wrong in the server", hint="its log has the traceback")
    return error.status, msgspec.json.encode({"error": error.as_dict()}) if own else error_body(error)
