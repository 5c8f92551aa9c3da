"""The token endpoint, and where a command line asks to be let in: both are open, and give nothing freely."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import msgspec
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from meguru.api.requests import read_body
from meguru.base.mount import mounted
from meguru.errors import InvalidInput, MeguruError
from meguru.governance.logins import device
from meguru.governance.sessions import end_session
from meguru.governance.trusts.exchange import exchange
from meguru.governance.types import NewToken
from meguru.kernel.workspace import Workspace

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - its name
SUBJECTS = frozenset(
    {"", "urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token"}
)
MAX_BYTES = 65_536
INTERVAL = 2
"""Seconds between two looks of a command line that waits."""
_CODES = {401: "invalid_grant", 403: "access_denied", 422: "invalid_request", 503: "temporarily_unavailable"}


def oauth_routes() -> list[Route]:
    """Return the routes."""
    return [
        Route("/v1/token", _token, methods=["POST"]),
        Route("/v1/token/exchange", _token, methods=["POST"]),
        Route("/v1/token/end", _end, methods=["POST"]),
        Route("/v1/device", _device, methods=["POST"]),
    ]


async def _token(request: Request) -> Response:
    try:
        given = await _given(request)
        return await run_sync(_give, request.state.workspace, given)
    except MeguruError as error:
        return _error(error)


async def _end(request: Request) -> Response:
    """End a token, as whoever has it may (RFC 7009): it is not told whether there was one."""
    try:
        given = await _given(request)
        await run_sync(end_session, request.state.workspace, given.get("token", ""))
    except MeguruError as error:
        return _error(error)
    return _answer({})


async def _device(request: Request) -> Response:
    try:
        given = await _given(request)
        asked = await run_sync(device.issue_codes, request.state.workspace, given.get("machine", ""))
    except MeguruError as error:
        return _error(error)
    ws: Workspace = request.state.workspace
    base = ws.settings.public_url.rstrip("/") or f"{request.url.scheme}://{request.url.netloc}"
    page = f"{base}{mounted().path}/ui/login"
    return _answer(
        {
            "device_code": asked.device_code,
            "user_code": asked.user_code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?code={asked.user_code}",
            "expires_in": asked.expires_in,
            "interval": INTERVAL,
        }
    )


def _give(ws: Workspace, given: dict[str, str]) -> Response:
    kind = given.get("grant_type", EXCHANGE if "subject_token" in given else "")
    if kind == DEVICE:
        token = device.redeem(ws, given.get("device_code", ""))
        if token is None:
            return _refusal("authorization_pending", "nobody has answered yet")
        return _token_answer(ws, token)
    if kind != EXCHANGE:
        return _refusal("unsupported_grant_type", f"use {EXCHANGE} or {DEVICE}")
    if given.get("subject_token_type", "") not in SUBJECTS or not given.get("subject_token"):
        raise InvalidInput("a signed token is wanted", field="subject_token", why="as a JWT")
    return _token_answer(ws, exchange(ws, given["subject_token"], trust=given.get("trust", "")))


def _token_answer(ws: Workspace, made: NewToken) -> Response:
    lasts = made.token.expires_at - ws.clock.now()
    return _answer(
        {
            "access_token": made.secret,
            "issued_token_type": ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": round(lasts.total_seconds()),
            "scope": " ".join(made.token.scope),
            "principal": made.token.principal,
        }
    )


async def _given(request: Request) -> dict[str, str]:
    """Return the fields of a form, or of a JSON object."""
    body = await read_body(request, MAX_BYTES)
    try:
        if "json" in request.headers.get("content-type", ""):
            return msgspec.json.decode(body, type=dict[str, str])
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=50)
    except (msgspec.MsgspecError, ValueError) as error:
        raise InvalidInput(
            "the body is neither a form nor a JSON object of texts", why=str(error)[:200]
        ) from error
    found = dict(fields)
    if len(found) != len(fields):
        raise InvalidInput("a field was given twice")
    return found


def _error(error: MeguruError) -> Response:
    text = f"{error.what}: {error.why}" if error.why else error.what
    return _refusal(
        _CODES.get(error.status, "server_error"), text, status=400 if error.status != 503 else 503
    )


def _refusal(code: str, text: str, *, status: int = 400) -> Response:
    return _answer({"error": code, "error_description": text}, status)


def _answer(value: dict[str, Any], status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(msgspec.json.encode(value), status, headers, media_type="application/json")
