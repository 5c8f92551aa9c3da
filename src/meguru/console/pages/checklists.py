"""Checklists: the list; one of them with where a model version stands, and a form for each item."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

from meguru.base import refs
from meguru.console.forms import FormFunction, FormValues
from meguru.console.page_request import PageFunction, Visit
from meguru.errors import InvalidInput, NotFound
from meguru.governance.checklists.answer import answer
from meguru.governance.checklists.show import list_checklists, standing
from meguru.governance.checklists.types import ItemAnswer

LIVE = "checklist."
CONFIRM = "confirm"


def listing(visit: Visit) -> Response:
    """Show the declared checklists."""
    return visit.render("checklists.html", found=list_checklists(visit.ws), live=LIVE)


def one(visit: Visit) -> Response:
    """Show a checklist; with ``?model=`` where that version stands."""
    name, model = visit.full("name"), visit.asked("model")
    declared = next((checklist for checklist in list_checklists(visit.ws) if checklist.name == name), None)
    if declared is None:
        raise NotFound.of("checklist", name)
    first = declared.models[0] if declared.models else ""
    asked = model or (first and refs.within(refs.project_of(name), first))
    try:
        found = standing(visit.ws, checklist=name, model=asked) if asked else None
    except NotFound:
        if model:
            raise
        found = None  # its first model has no version yet, or none that this reader sees
    may = visit.ws.principal.allows("checklist:answer", refs.project_of(name))
    return visit.render(
        "checklist.html",
        name=name,
        declared=declared,
        found=found,
        may_answer=may and found is not None,
        live=LIVE,
    )


def change(visit: Visit, given: FormValues) -> str:
    """Answer an item."""
    name, model, said = visit.full("name"), given.get("model", ""), given.get("answer", "")
    known = [CONFIRM, *(each.value for each in ItemAnswer)]
    if said not in known:
        raise InvalidInput(f"{said[:40]!r} is no answer", field="answer", hint=f"one of {', '.join(known)}")
    item = given.get("item", "")
    answer(
        visit.ws,
        checklist=name,
        model=model,
        item=item,
        answer=None if said == CONFIRM else ItemAnswer(said),
        reason=given.get("reason", ""),
        evidence=given.get("evidence", ""),
    )
    return f"../{quote(refs.bare(name), safe='')}?model={quote(model, safe='')}#item-{quote(item, safe='')}"


FORMS: dict[str, FormFunction] = {"/ui/checklists/{name}/edit": change}
PAGES: dict[str, PageFunction] = {"/ui/checklists": listing, "/ui/checklists/{name}": one}
