"""The console's routes."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import NoReturn

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from meguru.console import pages, static_files, stream
from meguru.console.forms import FormFunction, form
from meguru.console.live import Live
from meguru.console.page_request import PageFunction, Visit, page
from meguru.errors import NotFound
from meguru.kernel.workspace import Workspace


def all_pages() -> dict[str, PageFunction]:
    """Return every page by its path: each file in `pages` says which are its own.

    Paths without a variable part come first, so that ``/ui/runs/compare`` is not read as a run's id.
    """
    found: dict[str, PageFunction] = {}
    for module in iter_modules(pages.__path__, f"{pages.__name__}."):
        found |= import_module(module.name).PAGES
    return dict(sorted(found.items(), key=lambda item: (item[0].count("{"), item[0])))


def all_forms() -> dict[str, FormFunction]:
    """Return every form by the path it is sent to: each file in `pages` says which are its own."""
    found: dict[str, FormFunction] = {}
    for module in iter_modules(pages.__path__, f"{pages.__name__}."):
        found |= getattr(import_module(module.name), "FORMS", {})
    return found


def _nothing(visit: Visit) -> NoReturn:
    raise NotFound(f"there is no page {visit.request.url.path}", hint="start at /")


def routes(get_workspace: Callable[[Request], Workspace], live: Live | None = None) -> list[BaseRoute]:
    """Return the console's routes.

    `get_workspace` gives the workspace as the request's principal sees it, or raises what becomes an
    error page. Call ``live.close()`` when the server drains: it ends the open streams.
    """
    return [
        *(Route(path, page(show, get_workspace), methods=["GET"]) for path, show in all_pages().items()),
        *(Route(path, form(change, get_workspace), methods=["POST"]) for path, change in all_forms().items()),
        Route("/ui/stream", stream.endpoint(live or Live(), get_workspace), methods=["GET"]),
        Route("/ui/static/{version}/{name}", static_files.serve, methods=["GET"]),
        Route("/ui/{rest:path}", page(_nothing, get_workspace), methods=["GET"]),
    ]
