"""Experiments: those that there are, those that are deleted, and one with what is said of it."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

from meguru.console.forms import FormFunction, FormValues, unknown
from meguru.console.page_request import PageFunction, Visit
from meguru.tracking import show
from meguru.tracking.experiments import change

WINDOW = 200


def listing(visit: Visit) -> Response:
    """Show the experiments by name, and the deleted ones."""
    after = visit.asked("after")
    page = show.list_experiments(visit.ws, after=after, limit=WINDOW)
    return visit.render(
        "experiments.html",
        experiments=page.items,
        after=after,
        more=page.next_cursor,
        deleted=show.list_experiments(visit.ws, state="deleted", limit=WINDOW).items,
        live="experiment.",
    )


def one(visit: Visit) -> Response:
    """Show one experiment."""
    detail = show.show_experiment(visit.ws, experiment=_ref(visit))
    return visit.render(
        "experiment.html",
        found=detail,
        experiment=detail.experiment,
        may_edit=visit.ws.principal.allows("experiment:write", detail.experiment.project),
        live="experiment. run.",
    )


def edit(visit: Visit, given: FormValues) -> str:
    """Do what a form on an experiment's page asks for."""
    ws, ref, do = visit.ws, _ref(visit), given.get("do", "")
    match do:
        case "rename":
            change.rename(ws, experiment=ref, name=given.get("name", ""))
        case "note":
            change.note(ws, experiment=ref, note=given.get("note", ""))
        case "delete":
            change.delete(ws, experiment=ref)
        case "restore":
            change.restore(ws, experiment=ref)
        case _:
            raise unknown(given, ("rename", "note", "delete", "restore"))
    return f"../{quote(visit.named('key'), safe='')}"


def _ref(visit: Visit) -> str:
    return f"experiment/{visit.named('key')}"


PAGES: dict[str, PageFunction] = {"/ui/experiments": listing, "/ui/experiments/{key}": one}
FORMS: dict[str, FormFunction] = {"/ui/experiments/{key}/edit": edit}
