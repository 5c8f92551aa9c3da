"""What MLflow's protocol asks of every call: how it is read, how it is answered, how it is refused."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from meguru.api.requests import on_thread, read_body, workspace_of
from meguru.base import refs
from meguru.kernel.operations.authorise import require
from meguru.kernel.operations.operation import Operation
from meguru.kernel.workspace import Workspace
from meguru.mlflow.protocol.errors import Refusal, error_response, invalid


def not_found(message: str) -> Refusal:
    """Return the refusal of what is not there."""
    return Refusal("RESOURCE_DOES_NOT_EXIST", message)


def reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Write an answer."""
    return Response(msgspec.json.encode(value), status, headers, media_type="application/json")


class RequestArguments:
    """The arguments of a call, from its body, its query and its path; each is checked when it is read."""

    def __init__(self, fields: dict[str, Any], *, is_query: bool = False) -> None:
        self.fields, self.is_query = fields, is_query

    def has(self, name: str) -> bool:
        """Tell whether an argument was given."""
        return self.fields.get(name) is not None

    def text(self, name: str, default: str = "") -> str:
        """Return a text, or `default` when it was not given."""
        value = self.fields.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise wrong_type(name, value)
        return value

    def required(self, name: str) -> str:
        """Return a text that has to be given."""
        value = self.text(name)
        if not value:
            raise invalid(f"Missing value for required parameter '{name}'. See the API docs for more.")
        return value

    def number(self, name: str, default: int, *, most: int) -> int:
        """Return a positive whole number up to `most`."""
        value = self.fields.get(name)
        if value is None:
            return default
        if isinstance(value, bool | list | dict | float) or not re.fullmatch(r"-?\d{1,18}", str(value)):
            raise wrong_type(name, value)
        if int(value) < 1 and name == "max_results":  # clients match these words
            raise invalid(f"Invalid value for max_results. It must be a positive integer, but got {value}")
        if not 1 <= int(value) <= most:
            raise invalid(
                f"Invalid value {value} for parameter '{name}' supplied: {name} must be between 1 and {most}"
            )
        return int(value)

    def flag(self, name: str) -> bool:
        """Return yes or no."""
        value = self.fields.get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        if str(value).lower() not in {"true", "false"}:  # R's client writes all values as texts
            raise wrong_type(name, value)
        return str(value).lower() == "true"

    def texts(self, name: str) -> list[str]:
        """Return a list of texts; one given alone is a list of one."""
        value = self.fields.get(name)
        if value is None:
            return []
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str) for item in items):
            raise wrong_type(name, value)
        return list(items)

    def pairs(self, name: str) -> dict[str, str]:
        """Return a list of ``{key, value}`` as a mapping; the last value of a key holds."""
        value = self.fields.get(name)
        items = [] if value is None else value
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise wrong_type(name, value)
        return {
            RequestArguments(item).required("key"): RequestArguments(item).text("value") for item in items
        }


def wrong_type(name: str, value: Any) -> Refusal:
    """Say that an argument is of the wrong type."""
    shown = json.dumps(value)[:200]
    return invalid(f"Invalid value {shown} for parameter '{name}' supplied: it is of the wrong type")


JsonObject = dict[str, Any]
ProtocolHandler = Callable[[Workspace, RequestArguments], Any]


def route(path: str, methods: Mapping[str, ProtocolHandler]) -> Route:
    """Return the route of a path: each method is answered by a function that runs in a thread."""

    async def handle(request: Request) -> Response:
        answer = methods["GET" if request.method == "HEAD" else request.method]
        ws = workspace_of(request)
        arguments = await read_arguments(request, ws.settings.max_body)
        found = await on_thread(partial(answer, ws, arguments))
        return found if isinstance(found, Response) else reply(found)

    return Route(path, safely(handle), methods=list(methods))


def safely(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Answer every error of a handler as the protocol does."""

    async def safe(request: Request) -> Response:
        try:
            return await handler(request)
        except Exception as error:  # noqa: BLE001 - each becomes an answer
            return error_response(error)

    return safe


async def read_arguments(request: Request, limit: int) -> RequestArguments:
    """Read the arguments of a call."""
    fields: dict[str, Any] = {}
    for key, text in request.query_params.multi_items():
        name = key.removesuffix("[]")
        if name in fields:
            known = fields[name]
            fields[name] = [*(known if isinstance(known, list) else [known]), text]
        else:
            fields[name] = text
    is_query = request.method in {"GET", "HEAD"} and bool(fields)
    if not is_query:
        fields |= _decoded(await read_body(request, limit))
    return RequestArguments(fields | dict(request.path_params), is_query=is_query)


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(body) if body.strip() else {}
        if isinstance(value, str):  # old clients encode twice
            value = msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise invalid(f"The body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise invalid("The body is not a JSON object")
    return value


def permit(ws: Workspace, operation: Operation[..., Any], kind: str = "", name: str = "") -> None:
    """Ask what `operation` would be asked, for what this door does in a transaction of its own.

    The thing, if one is named, is of the project that the door is in, or not found.
    """
    ref = refs.Ref(kind, name) if kind else None
    require(ws, operation.permission, operation.name, ref=ref, project=ws.home)


def in_project(ws: Workspace) -> str:
    """Return what comes before the paths of this door, in the project that it is in."""
    return f"/projects/{quote(ws.project)}" if ws.project else ""


def millis(moment: datetime) -> int:
    """Return milliseconds since 1970."""
    return int(moment.timestamp() * 1000)


def listed(pairs: dict[str, str]) -> list[dict[str, str]]:
    """Return a mapping as the protocol's list of ``{key, value}``."""
    return [{"key": key, "value": value} for key, value in pairs.items()]


def page_of(items: list[Any], token: str, limit: int) -> tuple[list[Any], dict[str, str]]:
    """Return one page of items and, when there are more, the token of the next."""
    start = page_start(token)
    end = start + limit
    return items[start:end], {"next_page_token": page_token(end)} if end < len(items) else {}


def page_start(token: str) -> int:
    """Return how many items come before a page."""
    try:
        return max(0, int(base64.urlsafe_b64decode(token.encode()).decode())) if token else 0
    except ValueError as error:
        raise invalid("Invalid page token, could not base64-decode") from error


def page_token(start: int) -> str:
    """Return the token of the page that begins there."""
    return base64.urlsafe_b64encode(str(start).encode()).decode()
