"""Erasures of persons, as a kind."""

from __future__ import annotations

from typing import Any

from meguru.kernel.kinds import Kind, Payload, Service, Tone, event_type


@event_type(
    "erasure.done", label="person erased", sentence="a person was erased", tone=Tone.ODD, explains=True
)
class ErasureDone(Payload, frozen=True):
    """What was found of a person is gone, or is told; who it was is not."""

    columns: list[str]
    found: list[dict[str, Any]]
    models: list[str]
    reason: str


@event_type(
    "erasure.repeated",
    label="person erased again",
    sentence="a person who had come back with a backup was erased again",
    tone=Tone.ODD,
    explains=True,
)
class ErasureRepeated(Payload, frozen=True):
    """The database had forgotten an erasure, as one that was restored from an older backup has."""

    columns: list[str]
    found: list[dict[str, Any]]
    models: list[str]
    reason: str


ERASURE = Kind(
    name="erasure",
    title=("erasure", "erasures"),
    named=False,
    shared=True,
    operations=("meguru.datasets.personal.operations",),
    events=(ErasureDone, ErasureRepeated),
    project_of="meguru.artifacts.erasure.ledger:project_of",
    services=(Service(name="erasures", factory="meguru.datasets.personal.clock:ErasureClock"),),
    provides={
        "personal data": "meguru.datasets.personal.database_text:erase",
        "values of people": "meguru.datasets.personal.repeat:column_values",
    },
)
