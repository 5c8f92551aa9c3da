"""What is in quarantine, what it would import, and what became of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from meguru.flavors.pickled.listing import PickleListing
from meguru.tasks import TaskOptions

OBJECT, EXAMPLE, HOLDOUT, BASELINE = "object", "example.parquet", "holdout.parquet", "baseline.parquet"
"""The files of what is kept: the bytes, which are never read here as what they are, and the evidence."""
MODEL, ABOUT, RESULT = "model", "about.json", "result.json"
"""What the conversion gets beside them, and what it leaves."""


class QuarantineState(StrEnum):
    """How far it has come: kept, then made into data, then vouched for; or given up."""

    QUARANTINED = "quarantined"
    CONVERTED = "converted"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXPIRED = "expired"


OPEN = (QuarantineState.QUARANTINED, QuarantineState.CONVERTED)


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of the model in it, as `meguru.Model` takes it; an empty task is to be found."""

    task: TaskOptions = ""
    label: str = ""
    metrics: dict[str, float] = {}
    params: dict[str, Any] = {}


class Conversion(msgspec.Struct, frozen=True, kw_only=True):
    """What converting it gave: the model folder `tree`, of data alone.

    `difference` is the largest between the answers of the object and of the folder to `rows` examples; None
    when the object could not be asked. `kept_from` is what the converting process was kept from by the
    kernel: the network, the files of this machine. `warnings` are what the libraries said meanwhile.
    """

    tree: str
    flavor: str
    rows: int = 0
    difference: float | None = None
    kept_from: list[str] = []
    warnings: list[str] = []


class QuarantinedModel(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is kept under its digest and loaded nowhere but in the confined conversion.

    `model` is the name for which it is meant, empty when nobody said one; `file` what the object was called;
    `run` the pipeline run and `step` the step that returned it; `reason` why it could not be stored as a
    model; `unknown` which of its imports are not known, so that it can't be converted here. When it was
    accepted, `version` is the model version that it became.
    """

    id: str
    ref: str
    project: str
    model: str
    state: QuarantineState
    file: str
    tree: str
    size: int
    listing: PickleListing
    unknown: list[str]
    evidence: Evidence
    has_example: bool
    reason: str
    run: str
    step: str
    note: str
    created_at: datetime
    created_by: str
    expires_at: datetime
    event: str
    conversion: Conversion | None = None
    decided_at: datetime | None = None
    decided_by: str = ""
    decision: str = ""
    version: str = ""
