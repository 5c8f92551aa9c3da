"""Materializations, as a kind."""

from __future__ import annotations

from meguru.kernel.kinds import Attention, Kind, Payload, Remedy, Service, Tone, event_type


@event_type(
    "materialization.started",
    label="materialization started",
    sentence="{subject} began to bring {view} online",
)
class MaterializationStarted(Payload, frozen=True):
    """Rows of a version of a view are brought online."""

    view: str
    full: bool
    as_of: str


@event_type(
    "materialization.succeeded",
    label="materialization succeeded",
    sentence="{view} is up to date online: {written} rows are new, {retracted} went",
    tone=Tone.GOOD,
)
class MaterializationSucceeded(Payload, frozen=True):
    """What is online of a version of a view follows from these versions of its sources."""

    view: str
    rows: int
    written: int
    retracted: int
    newest: str


@event_type(
    "materialization.failed",
    label="materialization failed",
    sentence="{view} could not be brought online: {reason}",
    tone=Tone.BAD,
    needs_person=Attention(
        about="{view}",
        answered_by=(Remedy("materialization.succeeded"),),
        meaning="Values of {view} online grow old: {reason}",
    ),
)
class MaterializationFailed(Payload, frozen=True):
    """Rows of a version of a view could not be brought online; those that were there stay."""

    view: str
    reason: str


@event_type(
    "materialization.cancelled",
    label="materialization cancelled",
    sentence="{subject} was cancelled",
    tone=Tone.ODD,
)
class MaterializationCancelled(Payload, frozen=True):
    """Somebody stopped it; what it had written stays until the next one compares."""

    view: str


MATERIALIZATION = Kind(
    name="materialization",
    title=("materialization", "materializations"),
    named=False,
    tables=("meguru.features.materialization.schema",),
    operations=("meguru.features.materialization.operations",),
    events=(
        MaterializationStarted,
        MaterializationSucceeded,
        MaterializationFailed,
        MaterializationCancelled,
    ),
    grants={"engineer": ("*",), "data-scientist": ("*",)},
    project_of="meguru.features.materialization.store:project_of",
    jobs={"materialization": "meguru.features.materialization.job:HANDLER"},
    services=(
        Service(
            name="materializations", factory="meguru.features.materialization.follow:MaterializationFollower"
        ),
    ),
    internal={"advance": "the worker that has it writes down how far it is, and how it ended"},
)
