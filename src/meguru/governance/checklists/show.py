"""Questions about checklists."""

from __future__ import annotations

import msgspec

from meguru.base import refs
from meguru.governance.checklists import store
from meguru.governance.checklists.standing import standing_of, version_of
from meguru.governance.checklists.templates import ChecklistTemplate, load_template, template_names
from meguru.governance.checklists.types import ChecklistStanding
from meguru.kernel.operations import Context, operation


class ListedChecklist(msgspec.Struct, frozen=True, kw_only=True):
    """A declared checklist, and how many things it asks."""

    name: str
    title: str
    risk: str
    template: str
    owner: str
    due: str
    items: int
    models: list[str]


@operation("checklist.list", permission="checklist:read", query=True)
def list_checklists(ctx: Context) -> list[ListedChecklist]:
    """List the declared checklists by name."""
    return [
        ListedChecklist(
            name=name,
            title=spec.title,
            risk=spec.risk,
            template=spec.template,
            owner=spec.owner,
            due=spec.due,
            items=len(spec.items),
            models=spec.models,
        )
        for name, spec in store.every(ctx.tx, ctx.visible).items()
    ]


@operation("checklist.templates", permission="checklist:read", query=True)
def list_templates(ctx: Context) -> list[ChecklistTemplate]:
    """List the checklists that come with Meguru, with the texts that they follow and their dates."""
    del ctx
    return [load_template(name) for name in template_names()]


@operation(
    "checklist.standing",
    permission="checklist:read",
    query=True,
    on="checklist",
    refers={"checklist": "checklist", "model": "model"},
)
def standing(ctx: Context, *, checklist: str, model: str) -> ChecklistStanding:
    """Show how far a model version has come: what was answered and by whom, what is evident, what is late."""
    name = refs.parse(checklist, kind="checklist").name
    ctx.check_readable("model", refs.parse(model, kind="model").name)
    spec = store.get(ctx.tx, name)
    return standing_of(ctx.tx, name, spec, version_of(ctx.tx, model), ctx.now())
