"""The console's routes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, NamedTuple, NoReturn

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from meguru.base.late import late_module
from meguru.console import pages, static_files, stream
from meguru.console.forms import FormFunction, FormValues, form
from meguru.console.live import Live
from meguru.console.page_request import PageFunction, Visit, page
from meguru.errors import NotFound
from meguru.kernel.workspace import Workspace

TABLE = Path(__file__).with_name("pages.json")
"""What `by_module` returns of our own pages, written by scripts/make_reference.py."""


class PathsOfModule(NamedTuple):
    """What a file in `pages` answers."""

    pages: list[str]
    forms: list[str]


def by_module() -> dict[str, PathsOfModule]:
    """Import every file in `pages`, each of which says which pages and forms are its own; return these."""
    return {each.name: _paths_of(each.name) for each in iter_modules(pages.__path__)}


def _paths_of(name: str) -> PathsOfModule:
    module = _module(name)
    return PathsOfModule(list(module.PAGES), list(getattr(module, "FORMS", {})))


def _module(name: str) -> Any:
    return late_module(f"{pages.__name__}.{name}")


def _known() -> dict[str, PathsOfModule]:
    """Return what `by_module` does, and import only the files that the table does not know."""
    table = msgspec.json.decode(TABLE.read_bytes(), type=dict[str, PathsOfModule])
    return {
        each.name: table[each.name] if each.name in table else _paths_of(each.name)
        for each in iter_modules(pages.__path__)
    }


def all_pages() -> dict[str, PageFunction]:
    """Return every page by its path; the file it is in is imported when it is first shown.

    Paths without a variable part come first, so that ``/ui/runs/compare`` is not read as a run's id.
    """
    found = {path: _page(name, path) for name, each in _known().items() for path in each.pages}
    return dict(sorted(found.items(), key=lambda item: (item[0].count("{"), item[0])))


def all_forms() -> dict[str, FormFunction]:
    """Return every form by the path it is sent to; its file is imported when the first is sent."""
    return {path: _form(name, path) for name, each in _known().items() for path in each.forms}


def _page(name: str, path: str) -> PageFunction:
    def show(visit: Visit) -> Response:
        function: PageFunction = _module(name).PAGES[path]
        return function(visit)

    return show


def _form(name: str, path: str) -> FormFunction:
    def change(visit: Visit, values: FormValues) -> str:
        function: FormFunction = _module(name).FORMS[path]
        return function(visit, values)

    return change


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
