"""Answer an item of a checklist."""

from __future__ import annotations

from meguru.base import refs
from meguru.errors import Forbidden, InvalidInput, NotFound
from meguru.governance.checklists import store
from meguru.governance.checklists.standing import standing_of, version_of
from meguru.governance.checklists.types import (
    ChecklistAnswer,
    ChecklistItem,
    ChecklistStanding,
    ItemAnswer,
    ItemScope,
)
from meguru.kernel.operations import Context, operation

MAX_REASON, MAX_EVIDENCE = 4000, 1000


@operation(
    "checklist.answer",
    permission="checklist:answer",
    on="checklist",
    refers={"checklist": "checklist", "model": "model"},
)
def answer(
    ctx: Context,
    *,
    checklist: str,
    model: str,
    item: str,
    answer: ItemAnswer | None = None,
    reason: str = "",
    evidence: str = "",
) -> ChecklistStanding:
    """Answer an item for a model version; without an answer, confirm that of an earlier version.

    Whether it is of the version or of the whole model, the item says. What does not apply needs a reason.

    Raises
    ------
    Forbidden
        If a service answers: people answer for a model.
    InvalidInput
        If there is no reason why it does not apply, or nothing to confirm.
    """
    if ctx.principal.kind == "service":
        raise Forbidden("only a person can answer a checklist", why=f"{ctx.principal.name} is a service")
    name = refs.parse(checklist, kind="checklist").name
    ctx.check_readable("model", refs.parse(model, kind="model").name)
    spec = store.get(ctx.tx, name)
    version = version_of(ctx.tx, model)
    checklist_item = next((each for each in spec.items if each.id == item), None)
    if checklist_item is None:
        raise NotFound.of("item of the checklist", item, [each.id for each in spec.items])
    checklist_answer = _answer(ctx, name, checklist_item, version, answer, reason.strip(), evidence.strip())
    store.save_answer(ctx.tx, checklist_answer)
    return standing_of(ctx.tx, name, spec, version, ctx.now())


def _answer(
    ctx: Context,
    name: str,
    item: ChecklistItem,
    version: str,
    given: ItemAnswer | None,
    reason: str,
    evidence: str,
) -> ChecklistAnswer:
    model = refs.parse(version, kind="model")
    number = int(str(model.version)) if item.per is ItemScope.VERSION else 0
    if given is None:
        before = _earlier(ctx, name, item, model.name, number)
        given, reason = before.answer, reason or before.reason
        evidence = evidence or before.evidence
    if given is ItemAnswer.NOT_APPLICABLE and not reason:
        raise InvalidInput("say why it does not apply", field="reason")
    for field, text, most in (("reason", reason, MAX_REASON), ("evidence", evidence, MAX_EVIDENCE)):
        if len(text) > most:
            raise InvalidInput(f"the {field} is too long", field=field, why=f"up to {most:,} characters")
    about = version if number else refs.make("model", model.name)
    told = ctx.emit(
        "checklist.answered",
        refs.make("checklist", name),
        data={
            "item": item.id,
            "model": version,
            "answer": given.value,
            "reason": reason,
            "evidence": evidence,
            "by": ctx.principal.name,
            "about": about,
        },
        used=[version],
    )
    return ChecklistAnswer(
        checklist=name,
        item=item.id,
        model=model.name,
        version=number,
        answer=given,
        reason=reason,
        evidence=evidence,
        by=ctx.principal.name,
        at=ctx.now(),
        event=told.id,
    )


def _earlier(ctx: Context, name: str, item: ChecklistItem, model: str, number: int) -> ChecklistAnswer:
    answers = store.answers(ctx.tx, name, model)
    before = next(
        (
            checklist_answer
            for checklist_answer in answers
            if checklist_answer.item == item.id and 0 < checklist_answer.version < number
        ),
        None,
    )
    if before is None:
        raise InvalidInput(
            f"{item.id} has no answer of an earlier version to confirm", field="answer", hint="say yes or no"
        )
    return before
