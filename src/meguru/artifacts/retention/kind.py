"""Rules of retention, as a kind."""

from __future__ import annotations

from typing import Literal

import msgspec

from meguru.kernel.kinds import Kind, Payload, Service, Tone, event_type, spec_events

ErasedPolicy = Literal["warn", "refuse", "drop"]


class RetentionSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long what is kept, as ``180d``, ``26w`` or ``2y``.

    ``[retention.default]`` of a project file is of the workspace, ``[retention.PROJECT]`` of one project.

    What is not said is kept for ever. `predictions` go with their outcomes when they are older, `feedback`
    and `logs` of steps too; of `datasets` all versions but the newest and those that something needs, where
    the dataset's declaration says nothing itself. `least` says how long each must be kept by law: a rule
    that is shorter is refused. `erased` says what becomes of rows of erased persons in files that are added:
    ``warn``, ``refuse`` or ``drop``.
    """

    predictions: str = ""
    feedback: str = ""
    logs: str = ""
    datasets: str = ""
    least: dict[str, str] = {}
    erased: ErasedPolicy = "warn"
    description: str = ""


@event_type(
    "retention.applied",
    label="old records removed",
    sentence="{rows} {what} of {about} older than {period} were removed",
    tone=Tone.ODD,
)
class RetentionApplied(Payload, frozen=True):
    """Records went that are older than the rule says: `before` is the moment."""

    about: str
    what: str
    rows: int
    bytes: int
    period: str
    before: str


RETENTION = Kind(
    name="retention",
    title=("rule of retention", "rules of retention"),
    shared=True,
    tables=("meguru.artifacts.retention.schema",),
    operations=("meguru.artifacts.retention.operations",),
    events=(
        *spec_events("retention", RetentionSpec, retired="What it said is kept for ever from now on."),
        RetentionApplied,
    ),
    spec=RetentionSpec,
    spec_store="meguru.artifacts.retention.spec",
    services=(Service(name="records", factory="meguru.artifacts.retention.apply:RecordsClock"),),
    internal={"remove": "the service of records removes what is older than its rule says"},
)
