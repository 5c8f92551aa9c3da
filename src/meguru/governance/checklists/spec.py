"""The specs of checklists: see `meguru.kernel.declarations.SpecStore`."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from datetime import date

import msgspec
from sqlalchemy import Connection

from meguru.base import refs
from meguru.errors import InvalidInput
from meguru.governance.checklists import store
from meguru.governance.checklists.evidence import EVIDENCE
from meguru.governance.checklists.kind import ChecklistSpec
from meguru.governance.checklists.templates import load_template
from meguru.governance.checklists.types import ChecklistItem
from meguru.kernel.operations import Context

MAX_ITEMS, MAX_MODELS, MAX_TEXT = 200, 50, 2000
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")


def find(tx: Connection, name: str) -> ChecklistSpec | None:
    """Return the present spec; None if there is no such checklist."""
    return store.find(tx, name)


def names(tx: Connection, projects: AbstractSet[str] | None) -> list[str]:
    """Return the names of what is declared in some projects (None: in all), sorted."""
    return list(store.every(tx, projects))


def check(ctx: Context, name: str, spec: ChecklistSpec) -> ChecklistSpec:
    """Return the spec with all its items in full: those of the template stand in it as they are now.

    A newer Meguru may bring a newer text: it is taken over when the checklist is declared again.

    Raises
    ------
    InvalidInput
        If there are no items, two have one id, or a day is none.
    """
    if len(spec.models) > MAX_MODELS:
        raise InvalidInput(f"at most {MAX_MODELS} models", field="models")
    project = refs.project_of(name)
    models = [refs.within(project, each.removeprefix("model/")) for each in spec.models]
    for model in models:
        # A reminder names the newest version: who may not see the model must not be told of it.
        ctx.check_readable("model", model)
    items = _items(spec)
    if not items:
        raise InvalidInput(
            "a checklist asks something", field="items", hint='template = "eu-ai-act-high-risk", or items'
        )
    if len(items) > MAX_ITEMS:
        raise InvalidInput(f"at most {MAX_ITEMS} items", field="items")
    _check_day(spec.due, "due")
    for index, item in enumerate(items):
        _check_item(item, f"items[{index}]")
    shipped = load_template(spec.template) if spec.template else None
    return msgspec.structs.replace(
        spec,
        title=spec.title or (shipped.title if shipped else name),
        risk=spec.risk or (shipped.risk if shipped else ""),
        models=[refs.relative_to(project, each) for each in models],
        items=items,
    )


def _items(spec: ChecklistSpec) -> list[ChecklistItem]:
    shipped = load_template(spec.template).items if spec.template else []
    own: dict[str, ChecklistItem] = {}
    for index, item in enumerate(spec.items):
        if item.id in own:
            raise InvalidInput(f"two items are called {item.id!r}", field=f"items[{index}].id")
        own[item.id] = item
    items = [_merged(item, own.pop(item.id, None)) for item in shipped]
    return [*items, *own.values()]


def _merged(shipped: ChecklistItem, own: ChecklistItem | None) -> ChecklistItem:
    if own is None:
        return shipped
    said = {"text": own.text, "ja": own.ja, "source": own.source, "owner": own.owner, "due": own.due}
    given = {name: value for name, value in said.items() if value}
    return msgspec.structs.replace(shipped, **given)


def _check_item(item: ChecklistItem, place: str) -> None:
    if not _ID.fullmatch(item.id):
        hint = "small letters, digits, dots and dashes"
        raise InvalidInput(f"{item.id[:80]!r} is no id of an item", field=f"{place}.id", hint=hint)
    if not item.text.strip():
        raise InvalidInput(f"what does {item.id} ask?", field=f"{place}.text")
    if any(len(text) > MAX_TEXT for text in (item.text, item.ja, item.source, item.owner)):
        raise InvalidInput(f"{item.id} is too long", field=place, why=f"up to {MAX_TEXT:,} characters")
    _check_day(item.due, f"{place}.due")
    for each in item.evidence:
        if each not in EVIDENCE:
            hint = f"one of {', '.join(EVIDENCE)}"
            raise InvalidInput(f"{each[:80]!r} is no evidence", field=f"{place}.evidence", hint=hint)


def _check_day(text: str, field: str) -> None:
    if not text:
        return
    try:
        written = date.fromisoformat(text).isoformat()
    except ValueError:
        written = ""
    if written != text:  # days are compared as they are written
        raise InvalidInput(f"{text[:40]!r} is no day", field=field, hint="write 2027-01-31")


def uses(name: str, spec: ChecklistSpec) -> list[str]:
    """Return the models that have to be through with it."""
    del name
    return [refs.make("model", refs.within("", model)) for model in spec.models]


def save(ctx: Context, name: str, spec: ChecklistSpec) -> None:
    """Write the spec; answers stay."""
    store.put(ctx.tx, name, spec)


def retire(ctx: Context, name: str) -> None:
    """Take the checklist out of use; its answers stay."""
    store.take_out(ctx.tx, name, ctx.now())
