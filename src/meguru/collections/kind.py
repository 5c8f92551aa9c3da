"""Collections, as a kind."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.kernel.kinds import Attention, Kind, Payload, Remedy, Service, Tone, event_type, spec_events

LABEL = "outcome"
ROWS = "1000 rows"


class CollectionSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Outcomes of an endpoint that become data by themselves.

    Attributes
    ----------
    endpoint, dataset
        Whose predictions, and which dataset gets the versions.
    every
        After so many new or corrected outcomes (``1000 rows``), or by a cron expression (``0 2 * * *``).
    tz
        The time zone of the cron expression.
    label
        The column of the outcome.
    only
        Values that columns must have, one or a list: ``{"carrier": ["AA", "UA"]}``; ``_model`` is the model.
    """

    endpoint: str
    dataset: str
    every: str = ROWS
    tz: str = "UTC"
    label: str = LABEL
    only: dict[str, Any] = {}


@event_type(
    "outcomes.collected",
    label="outcomes became data",
    sentence="{outcomes} outcomes of {endpoint} are in {subject}",
    tone=Tone.GOOD,
    subject="dataset/NAME@N",
)
class OutcomesCollected(Payload, frozen=True):
    """A dataset version holds the predictions of an endpoint whose outcomes were known at a moment.

    `outcomes` are its rows of this endpoint, `changes` how often outcomes were recorded, corrected, excluded
    or readmitted since the collection before; `first_day` and `last_day` are those of its requests.
    """

    endpoint: str
    outcomes: int
    changes: int
    label: str
    only: dict[str, Any]
    first_day: str
    last_day: str
    models: list[str]


@event_type(
    "collection.failed",
    label="collection failed",
    sentence="{subject} could not make data of outcomes: {reason}",
    tone=Tone.BAD,
    needs_person=Attention(
        answered_by=(Remedy("collection.updated"),),
        meaning="What really happened does not become data: {reason}",
    ),
)
class CollectionFailed(Payload, frozen=True):
    """Outcomes could not become data."""

    reason: str


COLLECTION = Kind(
    name="collection",
    title=("collection", "collections"),
    tables=("meguru.collections.schema",),
    operations=("meguru.collections.operations",),
    events=(
        *spec_events(
            "collection",
            CollectionSpec,
            retired="A collection was taken out of use; the versions that it made stay.",
        ),
        OutcomesCollected,
        CollectionFailed,
    ),
    grants={"engineer": ("*",), "data-scientist": ("collect",)},
    spec=CollectionSpec,
    spec_store="meguru.collections.spec",
    services=(Service(name="collections", factory="meguru.collections.service:Collector"),),
    provides={"personal data": "meguru.collections.erase:erase"},
    internal={"fail": "The server tells that outcomes could not become data."},
)
