"""The audit: questions to the log as forms, answers as tables; where checkpoints are written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from typing import Any

from starlette.responses import Response

from meguru.audit.answers.changes import changes
from meguru.audit.answers.in_force import in_force
from meguru.audit.answers.person import person
from meguru.audit.answers.who_could import RIGHT, who_could
from meguru.audit.checkpoints.take import list_checkpoints
from meguru.audit.verify import verify
from meguru.console.page_request import PageFunction, Visit
from meguru.console.query_params import number_of
from meguru.errors import InvalidInput, NotFound

WINDOW = 100
_DAY = len("2026-03-01")


def show(visit: Visit) -> Response:
    """Show the forms, and the answer to what was asked by one of them."""
    may = visit.ws.principal
    asked = visit.asked("ask")
    found: Any = None
    problem = ""
    if asked in QUESTIONS:
        try:
            found = QUESTIONS[asked](visit)
        except (InvalidInput, NotFound) as error:
            problem = f"{error.what} ({error.hint})" if error.hint else error.what
    everywhere = may.allows("audit:read")
    return visit.render(
        "audit.html",
        asks=asked if asked in QUESTIONS else "",
        found=found,
        problem=problem,
        given={name: visit.asked(name) for name in ("ref", "verb", "name", "at", "since", "until")},
        may_ask=may.projects(RIGHT) != frozenset(),
        checkpoints=list_checkpoints(visit.ws) if may.allows("checkpoint:read") else [],
        may_verify=everywhere,
        live="checkpoint.",
    )


def _who(visit: Visit) -> object:
    ref, verb = visit.asked("ref"), visit.asked("verb") or "read"
    return who_could(visit.ws, ref=ref, verb=verb, at=_moment(visit, "at", time.max))


def _changes(visit: Visit) -> object:
    return changes(visit.ws, ref=visit.asked("ref"), **_window(visit))


def _person(visit: Visit) -> object:
    return person(visit.ws, name=visit.asked("name"), **_window(visit))


def _in_force(visit: Visit) -> object:
    return in_force(visit.ws, at=_moment(visit, "at", time.max))


def _verify(visit: Visit) -> object:
    return verify(visit.ws)


def _window(visit: Visit) -> dict[str, Any]:
    since, until = _moment(visit, "since", time.min), _moment(visit, "until", time.max)
    return {"since": since, "until": until, "after": number_of(visit, "after") or 0, "limit": WINDOW}


def _moment(visit: Visit, name: str, of_day: time) -> datetime | None:
    """Return a moment of the query: a day means its beginning or end, in the reader's time zone."""
    text = visit.asked(name)
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        hint = "2026-03-01, or 2026-03-01T12:00:00Z"
        raise InvalidInput(f"{text[:40]!r} is no moment", field=name, hint=hint) from None
    if len(text) <= _DAY:
        found = datetime.combine(found.date(), of_day)
    return found if found.tzinfo else found.replace(tzinfo=visit.zone)


QUESTIONS: dict[str, Callable[[Visit], object]] = {
    "who-could": _who,
    "changes": _changes,
    "person": _person,
    "in-force": _in_force,
    "verify": _verify,
}
PAGES: dict[str, PageFunction] = {"/ui/audit": show}
