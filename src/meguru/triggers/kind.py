"""Triggers and their firings, as kinds."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.kernel.kinds import (
    Attention,
    FieldMembers,
    Kind,
    Payload,
    Remedy,
    Service,
    Tone,
    event_type,
    spec_events,
)
from meguru.triggers.arrivals.events import ARRIVALS
from meguru.triggers.project_section import TriggerSection
from meguru.triggers.types import TriggerBudget


class TriggerSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A trigger as people declare it: when `on` matches, start `action`; see `Trigger` for the limits."""

    on: dict[str, Any]
    action: dict[str, Any]
    filter: str = ""
    key: str = ""
    debounce: float = 0.0
    debounce_max: float | None = None
    cooldown: float = 0.0
    max_per_day: int | None = None
    budget: TriggerBudget | None = None
    note: str = ""


@event_type("trigger.paused", label="trigger paused", sentence="{subject} was paused", tone=Tone.ODD)
class TriggerPaused(Payload, frozen=True):
    """What matches from now on is recorded, and starts nothing."""

    reason: str


@event_type("trigger.resumed", label="trigger resumed", sentence="{subject} was resumed")
class TriggerResumed(Payload, frozen=True):
    """It fires again, for what matches from now on."""

    reason: str


@event_type(
    "trigger.taken_over",
    label="trigger acts for another",
    sentence="{actor} stands for {subject} from now on",
)
class TriggerTakenOver(Payload, frozen=True):
    """It acts in another name, for who declared it before may not do any more what it does."""

    before: str


class _Firing(Payload, frozen=True):
    firing: str
    key: str
    depth: int
    root: str
    evidence: dict[str, Any]
    reason: str = ""


@event_type("trigger.fired", label="trigger fired", sentence="{subject} fired", tone=Tone.GOOD)
class TriggerFired(_Firing, frozen=True):
    """A match started the action."""


@event_type(
    "trigger.suppressed", label="trigger held back", sentence="{subject} was held back", tone=Tone.ODD
)
class TriggerSuppressed(_Firing, frozen=True):
    """A match started nothing, because of a limit; the reason says which."""


@event_type(
    "trigger.owed", label="trigger will fire again", sentence="{subject} will fire again as soon as it may"
)
class TriggerOwed(_Firing, frozen=True):
    """A match came while the action ran, or the trigger rested; the newest of them fires when it may."""


@event_type(
    "trigger.failed",
    label="trigger could not start its action",
    sentence="{subject} could not start its action",
    tone=Tone.BAD,
    needs_person=Attention(
        answered_by=(Remedy("trigger.fired"), Remedy("trigger.paused")),
        meaning="What {subject} should have started did not start.",
    ),
)
class TriggerFailed(_Firing, frozen=True):
    """The action could not be started; the reason says why."""


@event_type(
    "trigger.action_failed",
    label="what a trigger started failed",
    sentence="{operation} of {subject} was not done: {reason}",
    tone=Tone.BAD,
    needs_person=Attention(
        answered_by=(Remedy("trigger.fired"), Remedy("trigger.paused")),
        meaning="What {subject} should have done was not done.",
    ),
)
class TriggerActionFailed(Payload, frozen=True):
    """The operation that it promised was refused, or failed each time; it is not tried again."""

    operation: str
    reason: str


@event_type(
    "trigger.notified",
    label="trigger tells people",
    sentence="{subject} tells: {message}",
    tone=Tone.ODD,
    needs_person=Attention(meaning="{message}"),
)
class TriggerNotified(Payload, frozen=True):
    """What its declarer wanted people to be told; `about` is what the event was about."""

    message: str
    about: str


@event_type(
    "trigger.looped",
    label="triggers keep each other going",
    sentence="{subject} was stopped: it leads to itself",
    tone=Tone.BAD,
    needs_person=Attention(answered_by=(Remedy("trigger.paused"), Remedy("trigger.updated"))),
)
class TriggerLooped(Payload, frozen=True):
    """Firings caused each other until they were cut; `loop` names the triggers from one to itself."""

    loop: list[str]
    root: str


@event_type(
    "trigger.missed", label="trigger missed its moment", sentence="{subject} missed its moment", tone=Tone.ODD
)
class TriggerMissed(Payload, frozen=True):
    """Moments of the calendar came while nobody could fire, and do not fire later."""

    reason: str
    missed: list[dict[str, Any]]


TRIGGER = Kind(
    name="trigger",
    title=("trigger", "triggers"),
    tables=("meguru.triggers.schema", "meguru.triggers.arrivals.schema"),
    operations=("meguru.triggers.operations",),
    events=(
        *spec_events("trigger", TriggerSpec, retired="A trigger was taken out of use; it fires no more."),
        TriggerPaused,
        TriggerResumed,
        TriggerTakenOver,
        TriggerFired,
        TriggerSuppressed,
        TriggerOwed,
        TriggerFailed,
        TriggerActionFailed,
        TriggerNotified,
        TriggerLooped,
        TriggerMissed,
        *ARRIVALS,
    ),
    grants={"engineer": ("*",)},
    spec=TriggerSpec,
    spec_store="meguru.triggers.spec",
    members=(
        FieldMembers(field="trigger.on", family="meguru.triggers.kinds:KINDS", tag="kind", required=False),
        FieldMembers(
            field="trigger.action", family="meguru.triggers.actions:ACTIONS", tag="action", required=False
        ),
    ),
    services=(
        Service(name="triggers", factory="meguru.triggers.evaluate:Evaluator"),
        Service(name="listeners", factory="meguru.triggers.arrivals.service:Listeners"),
    ),
    section_type=TriggerSection,
    prepare="meguru.triggers.project_section:prepare",
    jobs={"trigger_action": "meguru.triggers.actions.job:HANDLER"},
    internal={
        "evaluate": "the evaluator decides what events, the calendar and what was held back bring",
        "listen": "a server takes the right to listen for a trigger, and tells how that goes",
        "receive": "what arrives from outside becomes an event, or a dead letter",
        "fail_action": "a worker tells of what a trigger promised and could not do",
    },
    page="/ui/triggers?name={name}#trigger-{name}",
)
FIRING = Kind(
    name="firing",
    title=("firing", "firings"),
    named=False,
    project_of="meguru.triggers.store:project_of_firing",
    page="/ui/triggers?firing={name}#firing-{name}",
)
