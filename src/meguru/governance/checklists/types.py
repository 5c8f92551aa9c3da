"""What a checklist asks, what was answered, and how far a model version has come."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from meguru.base import digests


class ItemScope(StrEnum):
    """What an answer is of: each version of a model has its own, or one holds for the model."""

    VERSION = "version"
    MODEL = "model"


class ItemAnswer(StrEnum):
    """What can be answered; what does not apply needs a reason."""

    YES = "yes"
    NO = "no"
    NOT_APPLICABLE = "not_applicable"


class ChecklistItemState(StrEnum):
    """Where an item stands for a model version."""

    OPEN = "open"
    TO_CONFIRM = "to_confirm"
    """It was answered for an earlier version: somebody has to say that the answer still holds."""
    EVIDENT = "evident"
    """What is recorded answers it: nobody has to."""
    YES = "yes"
    NO = "no"
    NOT_APPLICABLE = "not_applicable"


SETTLED = (ChecklistItemState.EVIDENT, ChecklistItemState.YES, ChecklistItemState.NOT_APPLICABLE)


class ChecklistItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing to answer: `source` is the article or principle, `ja` the text in Japanese.

    `evidence` names what of the records answers it by itself (`fairness_gate`, `monitor`, …), when all of it
    is there. `owner` is who is to answer until the day `due`.
    """

    id: str
    text: str = ""
    ja: str = ""
    source: str = ""
    per: ItemScope = ItemScope.VERSION
    owner: str = ""
    due: str = ""
    evidence: list[str] = []


class ChecklistAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer: of a version of a model, or of the model (`version` 0); the newest of an item counts."""

    checklist: str
    item: str
    model: str
    version: int
    answer: ItemAnswer
    reason: str
    evidence: str
    by: str
    at: datetime
    event: str


class ItemStanding(msgspec.Struct, frozen=True, kw_only=True):
    """An item and where it stands; `answer` is the present one, or that of an earlier version.

    `found` are references of what was found in the records; `overdue` when its day is over.
    """

    item: ChecklistItem
    state: ChecklistItemState
    answer: ChecklistAnswer | None = None
    found: list[str] = []
    overdue: bool = False

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to do."""
        return self.state in SETTLED


class ChecklistStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How far a model version has come with a checklist."""

    checklist: str
    title: str
    model: str
    follows: str
    note: str
    items: list[ItemStanding]

    @property
    def complete(self) -> bool:
        """Whether every item is settled."""
        return all(item_standing.is_settled for item_standing in self.items)

    @property
    def unsettled(self) -> list[ItemStanding]:
        """The items that are not."""
        return [item_standing for item_standing in self.items if not item_standing.is_settled]

    @property
    def digest(self) -> str:
        """The digest of what is asked and what people answered; what is evident changes by itself."""
        said: list[Any] = [
            [
                item_standing.item.id,
                item_standing.item.text,
                item_standing.item.per,
                *_answer_fields(item_standing),
            ]
            for item_standing in self.items
        ]
        return digests.of_value([self.checklist, self.model, said])


def _answer_fields(item_standing: ItemStanding) -> list[str]:
    checklist_answer = item_standing.answer
    if checklist_answer is None or item_standing.state is ChecklistItemState.TO_CONFIRM:
        return []
    return [
        checklist_answer.answer,
        checklist_answer.reason,
        checklist_answer.evidence,
        checklist_answer.by,
        checklist_answer.event,
    ]
