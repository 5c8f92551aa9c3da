"""Checklists, as a kind."""

from __future__ import annotations

import msgspec

from meguru.governance.checklists.types import ChecklistItem
from meguru.kernel.kinds import Attention, Kind, Payload, Remedy, Service, Tone, event_type, spec_events


class ChecklistSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What has to be answered about models of a risk class.

    `template` is a shipped checklist whose items come first; `items` are one's own, and one with the id of a
    shipped item says only what differs (its owner, its day). `owner` and `due` (a day, ``2027-01-31``) hold
    for items that say nothing else. `models` are the models that have to be through with it.
    """

    template: str = ""
    title: str = ""
    risk: str = ""
    owner: str = ""
    due: str = ""
    models: list[str] = []
    items: list[ChecklistItem] = []


@event_type(
    "checklist.answered",
    label="item of a checklist answered",
    sentence="{by} answered {item} of {subject} for {model}: {answer}",
)
class ChecklistAnswered(Payload, frozen=True):
    """Somebody answered an item for a model, or for one of its versions; the newest answer counts."""

    item: str
    model: str
    answer: str
    reason: str
    evidence: str
    by: str
    about: str


@event_type(
    "checklist.overdue",
    label="item of a checklist overdue",
    sentence="{item} of {subject} should have been answered for {model} by {due}",
    tone=Tone.ODD,
    needs_person=Attention(
        about="{subject} {item} {about}",
        answered_by=(Remedy("checklist.answered"),),
        meaning="{owner} has not answered {item} for {model}, which was due on {due}.",
    ),
)
class ChecklistOverdue(Payload, frozen=True):
    """The day of an item is over, and it is open for the newest version of a model."""

    item: str
    model: str
    owner: str
    due: str
    about: str


CHECKLIST = Kind(
    name="checklist",
    title=("checklist", "checklists"),
    tables=("meguru.governance.checklists.schema",),
    operations=("meguru.governance.checklists.operations",),
    events=(
        *spec_events("checklist", ChecklistSpec, retired="Nobody has to answer it; its answers stay."),
        ChecklistAnswered,
        ChecklistOverdue,
    ),
    grants={"engineer": ("write", "answer"), "data-scientist": ("answer",)},
    spec=ChecklistSpec,
    spec_store="meguru.governance.checklists.spec",
    services=(Service(name="checklists", factory="meguru.governance.checklists.overdue:DueKeeper"),),
    internal={"remind": "a server tells of items whose day is over"},
    provides={"release document": "meguru.releases.checklists:documents"},
    page="/ui/checklists/{name}",
)
