"""Erasures: when, by whom, why and how many rows, never who; a form for who may erase; legal holds."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.responses import Response

from meguru.artifacts.holds.operations import list_holds
from meguru.artifacts.retention.apply import due
from meguru.console.forms import FormFunction, FormValues, unknown
from meguru.console.page_request import PageFunction, Visit
from meguru.datasets.personal.erase import erase
from meguru.datasets.personal.list import list_erasures
from meguru.errors import InvalidInput

LIVE = "erasure. hold."
_VERBS = ("try", "erase")


def listing(visit: Visit) -> Response:
    """Show erasures, newest first; what a trial of the form found stands in the address, and who does not."""
    after = visit.asked("after")
    erasures = list_erasures(visit.ws, cursor=after)
    return visit.render(
        "erasures.html",
        found=erasures.items,
        older=erasures.next_cursor,
        after=after,
        holds=list_holds(visit.ws),
        plan=due(visit.ws),
        tried=visit.asked("tried"),
        stays=visit.asked("stays"),
        searched=visit.asked("places"),
        live=LIVE,
    )


def change(visit: Visit, given: FormValues) -> str:
    """Look for a person, or erase them: values are in the form alone, never in an address."""
    who, todo = _read(given.get("who", "")), given.get("do", "")
    if todo not in _VERBS:
        raise unknown(given, _VERBS)
    if todo == "erase" and given.get("sure", "") != "yes":
        raise InvalidInput("nothing brings it back: say that you are sure", field="sure")
    report = erase(visit.ws, who=who, dry_run=todo == "try", reason=given.get("reason", ""))
    if todo == "erase":
        return "../erasures"
    places = len({thing.ref for thing in report.found})
    query = {"tried": report.rows, "places": places, "stays": sum(stay.rows for stay in report.stays)}
    return f"../erasures?{urlencode(query)}"


def _read(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        column, equals, value = (each.strip() for each in line.partition("="))
        if column and equals and value:
            found.setdefault(column, []).append(value)
        elif line.strip():
            raise InvalidInput("a line tells nobody", field="who", hint="write COLUMN=VALUE, one a line")
    return found


FORMS: dict[str, FormFunction] = {"/ui/erasures/edit": change}
PAGES: dict[str, PageFunction] = {"/ui/erasures": listing}
