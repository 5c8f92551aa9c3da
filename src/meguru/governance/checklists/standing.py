"""How far a model version has come with a checklist."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from meguru.base import refs
from meguru.governance.checklists import store
from meguru.governance.checklists.evidence import evidence_of
from meguru.governance.checklists.kind import ChecklistSpec
from meguru.governance.checklists.templates import load_template
from meguru.governance.checklists.types import (
    ChecklistAnswer,
    ChecklistItem,
    ChecklistItemState,
    ChecklistStanding,
    ItemScope,
    ItemStanding,
)
from meguru.kernel.kinds import provided

VERSIONS = "model versions"
"""The kind that knows models: ``f(tx, ref) -> str``, the reference of the version that is meant."""


def version_of(tx: Connection, model: str) -> str:
    """Return the reference of a model version: ``loans`` is the newest, ``loans@champion`` an alias."""
    found: str = provided(VERSIONS).load("model")(tx, model)
    return found


def standing_of(
    tx: Connection, name: str, spec: ChecklistSpec, model: str, now: datetime, *, endpoint: str = ""
) -> ChecklistStanding:
    """Return where a model version stands with a checklist.

    Parameters
    ----------
    tx, name, spec
        An open transaction, and the checklist.
    model
        The reference of the version.
    now
        By which items are overdue.
    endpoint
        At which it is to be released; empty: any.
    """
    version = refs.parse(model, kind="model")
    answers = store.answers(tx, name, version.name)
    found = evidence_of(tx, model, endpoint) if any(item.evidence for item in spec.items) else {}
    shipped = load_template(spec.template) if spec.template else None
    return ChecklistStanding(
        checklist=refs.make("checklist", name),
        title=spec.title,
        model=model,
        follows=shipped.follows if shipped else "",
        note=shipped.note if shipped else "",
        items=[
            _item(_due(item, spec), int(str(version.version)), answers, found, now) for item in spec.items
        ],
    )


def _due(item: ChecklistItem, spec: ChecklistSpec) -> ChecklistItem:
    return msgspec.structs.replace(item, owner=item.owner or spec.owner, due=item.due or spec.due)


def _item(
    item: ChecklistItem,
    version: int,
    given: list[ChecklistAnswer],
    found: Mapping[str, list[str]],
    now: datetime,
) -> ItemStanding:
    wanted = version if item.per is ItemScope.VERSION else 0
    mine = [checklist_answer for checklist_answer in given if checklist_answer.item == item.id]
    answer = next((checklist_answer for checklist_answer in mine if checklist_answer.version == wanted), None)
    earlier = next(
        (checklist_answer for checklist_answer in mine if 0 < checklist_answer.version < wanted), None
    )
    refs_found = [ref for kind in item.evidence for ref in found.get(kind, [])]
    if answer is not None:
        state = ChecklistItemState(answer.answer.value)
    elif item.evidence and all(found.get(kind) for kind in item.evidence):
        state = ChecklistItemState.EVIDENT
    else:
        state = ChecklistItemState.TO_CONFIRM if earlier else ChecklistItemState.OPEN
    standing = ItemStanding(item=item, state=state, answer=answer or earlier, found=refs_found)
    late = bool(item.due) and item.due < now.date().isoformat() and not standing.is_settled
    return msgspec.structs.replace(standing, overdue=late)
