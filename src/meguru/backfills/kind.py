"""Backfills, as a kind."""

from __future__ import annotations

from typing import Any

from meguru.kernel.kinds import Attention, Kind, Payload, Remedy, Service, Tone, event_type


@event_type("backfill.started", label="backfill started", sentence="{subject} started", explains=True)
class BackfillStarted(Payload, frozen=True):
    """A pipeline is to run for each of so many values of `param`, from the first to the last."""

    pipeline: str
    version: int
    partitions: int
    first: str
    last: str
    param: str
    params: dict[str, Any]
    parallel: int


class _BackfillEnded(Payload, frozen=True):
    pipeline: str
    reason: str
    counts: dict[str, int]


@event_type(
    "backfill.succeeded",
    label="backfill succeeded",
    sentence="{subject} succeeded",
    tone=Tone.GOOD,
    explains=True,
)
class BackfillSucceeded(_BackfillEnded, frozen=True):
    """Every partition succeeded."""


@event_type(
    "backfill.failed",
    label="backfill failed",
    sentence="{subject} failed",
    tone=Tone.BAD,
    explains=True,
    needs_person=Attention(
        answered_by=(Remedy("backfill.succeeded"), Remedy("backfill.retried")),
        meaning="{pipeline} could not be run for some parts of the data.",
    ),
)
class BackfillFailed(_BackfillEnded, frozen=True):
    """A backfill ended with partitions that failed, were cancelled or did not begin."""


@event_type(
    "backfill.paused", label="backfill paused", sentence="{subject} was paused", tone=Tone.ODD, explains=True
)
class BackfillPaused(Payload, frozen=True):
    """No further partition begins for now."""

    reason: str


@event_type("backfill.resumed", label="backfill resumed", sentence="{subject} was resumed", explains=True)
class BackfillResumed(Payload, frozen=True):
    """A paused backfill goes on."""

    reason: str


@event_type(
    "backfill.cancelled",
    label="backfill cancelled",
    sentence="{subject} was cancelled",
    tone=Tone.ODD,
    explains=True,
)
class BackfillCancelled(Payload, frozen=True):
    """A backfill was cancelled, with its running runs; the counts are those before."""

    reason: str
    counts: dict[str, int]


@event_type(
    "backfill.retried",
    label="backfill runs failed partitions again",
    sentence="{subject} runs failed partitions again",
    explains=True,
)
class BackfillRetried(Payload, frozen=True):
    """These partitions run again, with this version of the pipeline."""

    partitions: list[str]
    version: int


BACKFILL = Kind(
    name="backfill",
    title=("backfill", "backfills"),
    named=False,
    tables=("meguru.backfills.schema",),
    operations=("meguru.backfills.operations",),
    events=(
        BackfillStarted,
        BackfillSucceeded,
        BackfillFailed,
        BackfillPaused,
        BackfillResumed,
        BackfillCancelled,
        BackfillRetried,
    ),
    grants={"engineer": ("*",), "data-scientist": ("*",)},
    project_of="meguru.backfills.store:project_of",
    services=(Service(name="backfills", factory="meguru.backfills.advance:BackfillFollower"),),
    internal={"advance": "a server, or who sees the backfill through, begins partitions and takes in runs"},
    page="/ui/backfills/{name}",
)
