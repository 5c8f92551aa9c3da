"""Label predictions, one at a time, by the keyboard or on a phone; decide where people differ."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec
from starlette.responses import Response

from meguru.console.forms import FormFunction, FormValues, unknown
from meguru.console.page_request import PageFunction, Visit
from meguru.console.pages.predictions import text
from meguru.errors import Forbidden, InvalidInput
from meguru.labelling.operations import decide, disputes, label, list_samples, next_item
from meguru.labelling.types import LabelForm, LabelItem

KEYS = "1234567890"


def page(visit: Visit) -> Response:
    """Show the next prediction to label, and those on which people differ."""
    endpoint = visit.full("name")
    item = next_item(visit.ws, endpoint=endpoint)
    return visit.render(
        "labelling.html",
        endpoint=endpoint,
        item=item,
        disputes=_disputes(visit, endpoint),
        samples=list_samples(visit.ws, endpoint=endpoint),
        keys=KEYS,
        shown=shown,
        text=text,
        live="",
    )


def change(visit: Visit, given: FormValues) -> str:
    """Do what a form on the page asks for, and go on with the next."""
    id, place = given.get("labelling", ""), _place(given.get("place", ""))
    match given.get("do", ""):
        case "label":
            label(visit.ws, id=id, place=place, value=_value(given))
        case "skip":
            label(visit.ws, id=id, place=place, skip=True)
        case "decide":
            decide(visit.ws, id=id, place=place, value=_value(given))
        case _:
            raise unknown(given, ("label", "skip", "decide"))
    return f"../{quote(visit.named('name'), safe='')}"


def _disputes(visit: Visit, endpoint: str) -> list[LabelItem]:
    try:
        return disputes(visit.ws, endpoint=endpoint)
    except Forbidden:
        return []  # who labels need not decide


def _place(given: str) -> int:
    if not given.isdecimal() or len(given) > 9:
        raise InvalidInput(f"{given[:40]!r} is no place in a sample", field="place")
    return int(given)


def _value(given: FormValues) -> Any:
    """Return what a form says: a choice as JSON, several choices, a number, or JSON, else text."""
    several = [value for name, value in given.items() if name.startswith("choice-")]
    if several or given.get("kind") == "choices":
        return [_json(each) for each in several]
    if "value" not in given or given["value"] == "":
        raise InvalidInput("say what happened, or skip it", field="value")
    return _json(given["value"])


def _json(given: str) -> Any:
    try:
        return msgspec.json.decode(given)
    except (msgspec.DecodeError, RecursionError):
        return given


def shown(form: LabelForm) -> list[str]:
    """Return the choices of a form as JSON, so that 1 and "1" stay what they are."""
    return [msgspec.json.encode(choice).decode() for choice in form.choices]


FORMS: dict[str, FormFunction] = {"/ui/labelling/{name}/edit": change}
PAGES: dict[str, PageFunction] = {"/ui/labelling/{name}": page}
