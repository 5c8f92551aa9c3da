"""Checkpoints, as a kind: where signed heads of the log are written, and how often."""

from __future__ import annotations

import msgspec

from meguru.kernel.kinds import Attention, Kind, Payload, Remedy, Service, Tone, event_type, spec_events


class CheckpointSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Places that get a signed checkpoint of the log while something happens.

    Attributes
    ----------
    to
        ``file:/PATH`` (appended to), ``s3://BUCKET/PREFIX`` (also ``gs://`` and ``az://``: an object each; of
        S3 with ``?lock=365d`` under object lock for so long), or ``webhook:https://…``.
    every
        How long after the last one the next is signed, if anything happened.
    events
        After so many events it is signed earlier.
    """

    to: list[str]
    every: str = "10m"
    events: int = 10_000


@event_type(
    "checkpoint.taken", label="checkpoint signed", sentence="{actor} had a checkpoint of the log signed"
)
class CheckpointTaken(Payload, frozen=True):
    """The log's first `size` entries have this Merkle tree hash; the key's id is told."""

    size: int
    root: str
    key: str


@event_type(
    "checkpoint.unwritten",
    label="checkpoint not written",
    sentence="checkpoints of the log can't be written to {place}",
    tone=Tone.BAD,
    needs_person=Attention(
        about="checkpoint/{checkpoint}",
        answered_by=(
            Remedy("checkpoint.written_again"),
            Remedy("checkpoint.updated"),
        ),
        meaning="The proof that nobody rewrites history is not being written down elsewhere.",
    ),
)
class CheckpointUnwritten(Payload, frozen=True):
    """A place did not take checkpoints several times; they wait, and are written as soon as it does."""

    checkpoint: str
    place: str
    why: str
    since: int


@event_type(
    "checkpoint.written_again",
    label="checkpoints written again",
    sentence="checkpoints of the log are written to {place} again",
    tone=Tone.GOOD,
)
class CheckpointWrittenAgain(Payload, frozen=True):
    """A place that had not taken checkpoints has them all by now."""

    checkpoint: str
    place: str
    size: int


CHECKPOINT = Kind(
    name="checkpoint",
    title=("checkpoint", "checkpoints"),
    shared=True,
    tables=("meguru.audit.checkpoints.schema",),
    operations=("meguru.audit.checkpoints.operations", "meguru.audit.answers.operations"),
    events=(
        *spec_events(
            "checkpoint", CheckpointSpec, retired="Checkpoints are written there no more; those written stay."
        ),
        CheckpointTaken,
        CheckpointUnwritten,
        CheckpointWrittenAgain,
    ),
    spec=CheckpointSpec,
    spec_store="meguru.audit.checkpoints.spec",
    services=(Service(name="checkpoints", factory="meguru.audit.checkpoints.writer:CheckpointWriter"),),
    internal={
        "sign": "a server signs the head of the log's tree when one is due",
        "hold": "of several servers one writes to a place",
        "note": "a server writes down how far a place has come",
    },
    page="/ui/audit#checkpoint-{name}",
)
