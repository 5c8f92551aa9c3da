"""Applies, as a kind."""

from __future__ import annotations

from meguru.kernel.kinds import Attention, Kind, Payload, Remedy, Tone, event_type


@event_type(
    "apply.started", label="apply started", sentence="{subject} of the file {owner} started", explains=True
)
class ApplyStarted(Payload, frozen=True):
    """A plan is being carried out; `actions` are its steps in words, `digest` names the plan."""

    owner: str
    digest: str
    actions: list[str]


@event_type(
    "apply.succeeded",
    label="apply succeeded",
    sentence="{subject} of the file {owner} succeeded",
    tone=Tone.GOOD,
)
class ApplySucceeded(Payload, frozen=True):
    """Everything is as the file says; `owned` counts what the file owns now."""

    owner: str
    owned: int


@event_type(
    "apply.failed",
    label="apply failed",
    sentence="{subject} of the file {owner} stopped: {reason}",
    tone=Tone.BAD,
    needs_person=Attention(
        about="apply/{owner}",
        answered_by=(Remedy("apply.succeeded"),),
        meaning="What the project file {owner} declares is only in part in force.",
    ),
)
class ApplyFailed(Payload, frozen=True):
    """A step was refused; those before it hold. Applying again goes on from there."""

    owner: str
    reason: str


APPLY = Kind(
    name="apply",
    title=("apply", "applies"),
    named=False,
    tables=("meguru.applies.schema",),
    operations=("meguru.applies.operations",),
    events=(ApplyStarted, ApplySucceeded, ApplyFailed),
    grants={"engineer": ("*",)},
    project_of="meguru.applies.store:project_of",
)
