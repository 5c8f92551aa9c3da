"""Waivers: the list with a form to ask for one; one of them, with forms for who may decide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from starlette.responses import Response

from meguru.base import refs
from meguru.console.forms import FormFunction, FormValues, unknown
from meguru.console.page_request import PageFunction, Visit
from meguru.errors import InvalidInput
from meguru.governance.waivers.decide import deny, grant
from meguru.governance.waivers.request import request
from meguru.governance.waivers.revoke import revoke
from meguru.governance.waivers.show import list_waivers, show
from meguru.governance.waivers.types import OPEN, WaiverState

WINDOW = 100
USUAL = timedelta(days=30)
LIVE = "waiver. release."
_VERBS = ("grant", "deny", "revoke")


def listing(visit: Visit) -> Response:
    """Show waivers, newest first; with ``?release=`` and ``&gate=`` a form to ask for one."""
    before, asked_for = visit.asked("before"), visit.asked("release")
    found = list_waivers(visit.ws, before=before, limit=WINDOW)
    return visit.render(
        "waivers.html",
        found=found.items,
        older=found.next_cursor,
        before=before,
        asked_for=_release(visit, asked_for) if asked_for else None,
        gate=visit.asked("gate"),
        end=(visit.ws.clock.now() + USUAL).date().isoformat(),
        live=LIVE,
    )


def one(visit: Visit) -> Response:
    """Show a waiver, and what the reader may do with it."""
    waiver = show(visit.ws, waiver=visit.named("id"))
    project = refs.project_of(waiver.endpoint)
    may = {verb for verb in ("grant", "revoke") if visit.ws.principal.allows(f"waiver:{verb}", project)}
    return visit.render(
        "waiver.html",
        found=waiver,
        may_decide=waiver.state is WaiverState.REQUESTED and "grant" in may,
        may_revoke=waiver.state in OPEN and "revoke" in may,
        live=LIVE,
    )


def ask(visit: Visit, given: FormValues) -> str:
    """Ask for a waiver of a gate of one of an endpoint's releases."""
    waiver = request(
        visit.ws,
        release=refs.make("release", visit.full("name"), given.get("release", "")),
        gate=given.get("gate", ""),
        reason=given.get("reason", ""),
        until=_day(given.get("until", "")),
    )
    return f"../../../waivers/{quote(waiver.id, safe='')}"


def decide(visit: Visit, given: FormValues) -> str:
    """Do what a form on the page of a waiver asks for."""
    id, note = visit.named("id"), given.get("note", "")
    match given.get("do", ""):
        case "grant":
            grant(visit.ws, waiver=id, note=note)
        case "deny":
            deny(visit.ws, waiver=id, note=note)
        case "revoke":
            revoke(visit.ws, waiver=id, reason=note)
        case _:
            raise unknown(given, _VERBS)
    return f"../{quote(id, safe='')}"


def _release(visit: Visit, text: str) -> refs.Ref | None:
    """Return the release for which a waiver is to be asked, if the reader may ask."""
    try:
        ref = refs.parse(text, kind="release")
    except InvalidInput:
        return None
    return ref if visit.ws.principal.allows("waiver:request", ref.project) else None


def _day(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise InvalidInput(f"{text[:40]!r} is no day", field="until", hint="write 2027-03-01") from error


FORMS: dict[str, FormFunction] = {
    "/ui/endpoints/{name}/waive/edit": ask,
    "/ui/waivers/{id}/edit": decide,
}
PAGES: dict[str, PageFunction] = {"/ui/waivers": listing, "/ui/waivers/{id}": one}
