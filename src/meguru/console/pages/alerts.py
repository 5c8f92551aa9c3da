"""What needs a person, who is told of it, and one alert with what can be done about it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.responses import Response

from meguru.alerts.acknowledge import acknowledge, mute, resolve, unmute
from meguru.alerts.incidents.begin import open_incident
from meguru.alerts.incidents.show import list_incidents
from meguru.alerts.notifications.show import list_notifications, newest_deliveries
from meguru.alerts.notifications.types import Dispatch, Route
from meguru.alerts.sentences import sentence_of
from meguru.alerts.show import list_alerts, show
from meguru.alerts.types import Alert, AlertState
from meguru.artifacts.log import list_events
from meguru.base.durations import seconds
from meguru.console.evidence_view import EvidenceView, evidence_view
from meguru.console.forms import FormFunction, FormValues, unknown
from meguru.console.page_request import PageFunction, Visit
from meguru.errors import Forbidden, NotFound
from meguru.monitoring.show import show_report

WINDOW, MESSAGES, EVENTS = 100, 5, 50
LIVE = "alert."
FILTERS = ("", AlertState.RESOLVED.value, "all")
_VERBS = ("acknowledge", "mute", "unmute", "resolve", "incident")


class AlertView(msgspec.Struct, frozen=True, kw_only=True):
    """An alert, what it means to the reader, and whether they may do something about it."""

    alert: Alert
    sentence: str
    may_write: bool
    is_muted: bool


class RouteView(msgspec.Struct, frozen=True, kw_only=True):
    """A notification with its newest messages."""

    route: Route
    messages: list[Dispatch]


def listing(visit: Visit) -> Response:
    """Show what needs a person, those that came last first, and who is told."""
    state, after, severity = visit.asked("state"), visit.asked("after"), visit.asked("severity")
    known = state if state in FILTERS else ""
    found = list_alerts(visit.ws, state=known, after=after, severity=severity, limit=WINDOW)
    sent = newest_deliveries(visit.ws, limit=MESSAGES)
    routes = [RouteView(route=each, messages=sent[each.name]) for each in list_notifications(visit.ws)]
    incidents = list_incidents(visit.ws, state="open", limit=WINDOW).items
    return visit.render(
        "alerts.html",
        views=[view(visit, each) for each in found.items],
        older=found.next_cursor,
        after=after,
        asked=state,
        filters=FILTERS,
        routes=routes,
        incidents=incidents,
        live=LIVE,
    )


def one(visit: Visit) -> Response:
    """Show one alert: its evidence, what happened with it, and what the reader may do."""
    found = show(visit.ws, alert=visit.named("id"))
    events = list_events(visit.ws, subject=found.ref, limit=EVENTS, newest_first=True).items
    incident = next(
        (each for each in list_incidents(visit.ws, limit=WINDOW).items if each.about == found.about), None
    )
    return visit.render(
        "alert.html",
        view=view(visit, found),
        evidence=[(name.replace("_", " "), plain(value)) for name, value in found.evidence.items()],
        events=events,
        incident=incident,
        shown=_shown(visit, found),
        live=LIVE,
    )


def _shown(visit: Visit, alert: Alert) -> EvidenceView | None:
    """Return the evidence of the report that an alert tells of, if it is of one that the reader may see."""
    report = alert.evidence.get("report")
    if not isinstance(report, str) or not report.startswith("report/"):
        return None
    try:
        return evidence_view(visit, show_report(visit.ws, ref=report).evidence, rang_only=True)
    except (NotFound, Forbidden):
        return None


def view(visit: Visit, alert: Alert) -> AlertView:
    """Return an alert as it is shown to a reader."""
    return AlertView(
        alert=alert,
        sentence=sentence_of(alert, visit.language),
        may_write=alert.is_open and visit.ws.principal.allows("alert:write", alert.project),
        is_muted=alert.is_muted(visit.ws.clock.now()),
    )


def plain(value: Any) -> str:
    """Return a value of the evidence in one line."""
    if isinstance(value, list):
        return "; ".join(map(plain, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {plain(each)}" for key, each in value.items())
    if isinstance(value, float):
        return f"{value:.4g}"
    return "–" if value is None else str(value)


def change(visit: Visit, given: FormValues) -> str:
    """Do what a form of an alert asks for."""
    id, note = visit.named("id"), given.get("note", "")
    match given.get("do", ""):
        case "acknowledge":
            acknowledge(visit.ws, alert=id, note=note)
        case "mute":
            length = timedelta(seconds=seconds(given.get("length") or "1h", field="length") or 0)
            mute(visit.ws, alert=id, until=visit.ws.clock.now() + length, note=note)
        case "unmute":
            unmute(visit.ws, alert=id)
        case "resolve":
            resolve(visit.ws, alert=id, note=note)
        case "incident":
            return f"../../incidents/{quote(open_incident(visit.ws, alert=id).id, safe='')}"
        case _:
            raise unknown(given, _VERBS)
    return "../../alerts" if given.get("back") == "list" else f"../{quote(id, safe='')}"


FORMS: dict[str, FormFunction] = {"/ui/alerts/{id}/edit": change}
PAGES: dict[str, PageFunction] = {"/ui/alerts": listing, "/ui/alerts/{id}": one}
