"""Tracked runs: a window of them, and one with its metrics."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from urllib.parse import quote

from starlette.responses import Response

from meguru.base.paging import Page
from meguru.console import plots
from meguru.console.forms import FormFunction, FormValues, unknown
from meguru.console.lineage import neighbours
from meguru.console.page_request import PageFunction, Visit
from meguru.console.plots import window
from meguru.errors import InvalidInput
from meguru.kernel.principals import Principal
from meguru.tracking import edit, show
from meguru.tracking.captured import is_captured
from meguru.tracking.find import search
from meguru.tracking.ownership import may_write
from meguru.tracking.types import Run, RunArtifact, RunState

WINDOW = 100
PICTURES, LARGEST_PICTURE, FILES = 12, 2_000_000, 1000
SHOWN = (".png", ".jpg", ".jpeg", ".gif", ".webp")
"""Pictures that can't hold a script."""
STATES: dict[str, Literal["", "running", "interrupted", "succeeded", "failed", "cancelled"]] = {
    "": "",
    "running": "running",
    "interrupted": "interrupted",
    "succeeded": "succeeded",
    "failed": "failed",
    "cancelled": "cancelled",
}


def listing(visit: Visit) -> Response:
    """Show a window of the runs, newest first."""
    experiment, wanted, before = visit.asked("experiment"), visit.asked("state"), visit.asked("before")
    query, order = visit.asked("query"), visit.asked("order")
    if wanted not in STATES:
        raise InvalidInput(f"no run is {wanted[:40]!r}", field="state", hint=", ".join(filter(None, STATES)))
    problem = ""
    try:
        found = _found(visit, experiment, STATES[wanted], before)
    except InvalidInput as error:
        if not query and not order:
            raise
        found, problem = Page(items=[], next_cursor=""), " ".join(filter(None, (error.what, error.why)))
    return visit.render(
        "runs.html",
        runs=found.items,
        older=found.next_cursor,
        before=before,
        experiment=experiment,
        wanted=wanted,
        query=query,
        order=order,
        problem=problem,
        deleted=visit.asked("deleted") == "1",
        experiments=show.list_experiments(visit.ws, limit=WINDOW).items,
        took=took,
        live="run.",
        followed=found.items,
    )


def _found(visit: Visit, experiment: str, state: RunState | Literal[""], before: str) -> Page[Run]:
    """Search where something is searched for; else list, which also knows runs that went silent."""
    query, order = visit.asked("query"), visit.asked("order")
    if not query and not order:
        gone = visit.asked("deleted") == "1"
        return show.list_runs(
            visit.ws, experiment=experiment, state=state, before=before, limit=WINDOW, deleted=gone
        )
    parts = [part for part in (query, state and f"state = '{state}'") if part]
    orders = [part.strip() for part in order.split(",") if part.strip()]
    return search(
        visit.ws,
        query=" and ".join(parts),
        order=orders,
        experiment=experiment,
        after=before,
        limit=WINDOW,
    )


def one(visit: Visit) -> Response:
    """Show one run."""
    run = show.show(visit.ws, run=visit.named("id"))
    shown = window(run.metrics, visit.asked("metric"), visit.asked("after"))
    artifacts = show.artifacts(visit.ws, run=run.id)
    drawn = [key for key in shown.keys if run.metrics[key].count > 1]
    return visit.render(
        "run.html",
        run=run,
        metrics=[(key, run.metrics[key]) for key in shown.keys],
        shown=shown,
        groups=plots.groups(drawn, {key: run.metrics[key].count for key in drawn}),
        drawings=plots.of_runs(visit, [run], drawn[: plots.FIRST]) if not visit.fragment else {},
        tags={key: value for key, value in run.tags.items() if not _is_shown_apart(key)},
        captured={key: value for key, value in run.tags.items() if is_captured(key)},
        files=[(item, visit.file_of(run.id, item.path, run.project)) for item in artifacts[:FILES]],
        files_left=len(artifacts) - len(artifacts[:FILES]),
        pictures=[
            (each.path, visit.file_of(run.id, each.path, run.project)) for each in _pictures(artifacts)
        ],
        note=run.tags.get(edit.NOTE, ""),
        may_edit=may_edit(visit.ws.principal, run),
        took=took,
        live="run.",
        followed=[run],
        **neighbours(visit, run.ref),
    )


def may_edit(principal: Principal, run: Run) -> bool:
    """Tell whether somebody may change a run."""
    may_at_all = principal.allows("run:write", run.project)
    return may_at_all and may_write(principal, run.created_by, run.project)


def charts(visit: Visit) -> Response:
    """Show the charts of some metrics of a run, which its page asks for as they come into sight."""
    run = show.show(visit.ws, run=visit.named("id"))
    return plots.render(visit, [run])


def _is_shown_apart(tag: str) -> bool:
    return is_captured(tag) or tag in {edit.NAME, edit.NOTE}


def _pictures(artifacts: list[RunArtifact]) -> list[RunArtifact]:
    """Return the first pictures that are small enough to be shown."""
    found = [item for item in artifacts if item.path.lower().endswith(SHOWN) and item.size <= LARGEST_PICTURE]
    return found[:PICTURES]


def took(start: datetime | None, end: datetime | None) -> float | None:
    """Return the seconds between two moments; None while the second is not there yet."""
    return (end - start).total_seconds() if start and end else None


def change(visit: Visit, given: FormValues) -> str:
    """Do what a form on a run's page asks for."""
    ws, run, do = visit.ws, visit.named("id"), given.get("do", "")
    match do:
        case "rename":
            edit.rename(ws, run=run, name=given.get("name", ""))
        case "note":
            edit.note(ws, run=run, note=given.get("note", ""))
        case "tag":
            edit.tag(ws, run=run, tags={given.get("key", ""): given.get("value", "")})
        case "untag":
            edit.tag(ws, run=run, remove=[given.get("key", "")])
        case "delete":
            edit.delete_run(ws, run=run)
        case "restore":
            edit.restore(ws, run=run)
        case _:
            raise unknown(given, ("rename", "note", "tag", "untag", "delete", "restore"))
    return f"../{quote(run, safe='')}"


FORMS: dict[str, FormFunction] = {"/ui/runs/{id}/edit": change}
PAGES: dict[str, PageFunction] = {
    "/ui/runs": listing,
    "/ui/runs/{id}": one,
    "/ui/runs/{id}/charts": charts,
}
