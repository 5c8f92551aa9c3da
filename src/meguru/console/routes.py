"""The console's routes."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from meguru.console import static_files, stream
from meguru.console.live import Live
from meguru.console.pages import (
    backfills,
    compared,
    datasets,
    endpoints,
    events,
    home,
    mlflow_links,
    models,
    monitors,
    pipeline_runs,
    pipelines,
    runs,
    step_logs,
    sweeps,
    triggers,
)
from meguru.console.visit import Page, Visit, page
from meguru.errors import NotFound
from meguru.kernel.workspace import Workspace

PAGES: dict[str, Page] = {
    "/": home.show,
    "/ui/backfills": backfills.listing,
    "/ui/backfills/{id}": backfills.one,
    "/ui/datasets": datasets.listing,
    "/ui/datasets/{name}": datasets.one,
    "/ui/datasets/{name}/{version}": datasets.one,
    "/ui/endpoints": endpoints.listing,
    "/ui/endpoints/{name}": endpoints.one,
    "/ui/models": models.listing,
    "/ui/models/{name}": models.one,
    "/ui/models/{name}/{version}": models.one,
    "/ui/pipelines/runs": pipeline_runs.listing,
    "/ui/pipelines/runs/{id}": pipeline_runs.one,
    "/ui/pipelines/runs/{id}/log": step_logs.of_run,
    "/ui/pipelines/runs/{id}/log.txt": step_logs.text,
    "/ui/pipelines/runs/{id}/log/lines": step_logs.lines,
    "/ui/pipelines/versions/{name}": pipelines.one,
    "/ui/pipelines/versions/{name}/{version}": pipelines.one,
    "/ui/runs": runs.listing,
    "/ui/runs/compare": compared.show,
    "/ui/runs/compare/charts": compared.charts,
    "/ui/runs/{id}": runs.one,
    "/ui/runs/{id}/charts": runs.charts,
    "/ui/sweeps": sweeps.listing,
    "/ui/sweeps/{id}": sweeps.one,
    "/ui/triggers": triggers.listing,
    "/ui/monitors/{name}": monitors.one,
    "/ui/reports/{id}": monitors.report,
    "/ui/events": events.listing,
    "/ui/events/{id}": events.one,
    "/ui/mlflow/{rest:path}": mlflow_links.follow,
}


def _nothing(visit: Visit) -> NoReturn:
    raise NotFound(f"there is no page {visit.request.url.path}", hint="start at /")


def routes(get_workspace: Callable[[Request], Workspace], live: Live | None = None) -> list[BaseRoute]:
    """Return the console's routes.

    `get_workspace` gives the workspace as the request's principal sees it, or raises what becomes an
    error page. Call ``live.close()`` when the server drains: it ends the open streams.
    """
    return [
        *(Route(path, page(show, get_workspace), methods=["GET"]) for path, show in PAGES.items()),
        Route("/ui/stream", stream.endpoint(live or Live(), get_workspace), methods=["GET"]),
        Route("/ui/static/{version}/{name}", static_files.serve, methods=["GET"]),
        Route("/ui/{rest:path}", page(_nothing, get_workspace), methods=["GET"]),
    ]
