"""What went wrong: incidents, and the story of one."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

from meguru.alerts.incidents.close import close, note
from meguru.alerts.incidents.show import list_incidents, show
from meguru.alerts.incidents.types import IncidentState
from meguru.alerts.sentences import sentence_of
from meguru.base.text import mark
from meguru.console.forms import FormFunction, FormValues, unknown
from meguru.console.page_request import PageFunction, Visit

WINDOW = 100
LIVE = "incident."
_VERBS = ("note", "close")


def listing(visit: Visit) -> Response:
    """Show incidents, the newest first."""
    before = visit.asked("before")
    found = list_incidents(visit.ws, before=before, limit=WINDOW)
    return visit.render(
        "incidents.html", found=found.items, older=found.next_cursor, before=before, live=LIVE
    )


def one(visit: Visit) -> Response:
    """Tell the story of one incident."""
    story = show(visit.ws, incident=visit.named("id"))
    figures = story.figures
    steps = (
        (mark("began"), figures.began_at, None),
        (mark("noticed"), figures.noticed_at, figures.to_notice),
        (mark("acted"), figures.acted_at, figures.to_act),
        (mark("restored"), figures.restored_at, figures.to_restore),
    )
    is_open = story.incident.state is IncidentState.OPEN
    may = visit.ws.principal.allows("incident:write", story.incident.project)
    return visit.render(
        "incident.html",
        story=story,
        sentence=sentence_of(story.alert, visit.language),
        steps=steps,
        may_write=is_open and may,
        live=LIVE,
    )


def change(visit: Visit, given: FormValues) -> str:
    """Do what a form of an incident asks for."""
    id, test = visit.named("id"), given.get("test", "")
    match given.get("do", ""):
        case "note":
            note(visit.ws, incident=id, text=given.get("text", ""), test=test)
        case "close":
            close(visit.ws, incident=id, conclusion=given.get("conclusion", ""), test=test)
        case _:
            raise unknown(given, _VERBS)
    return f"../{quote(id, safe='')}"


FORMS: dict[str, FormFunction] = {"/ui/incidents/{id}/edit": change}
PAGES: dict[str, PageFunction] = {"/ui/incidents": listing, "/ui/incidents/{id}": one}
