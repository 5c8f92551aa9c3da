"""What an answer tells of the values that a model was given: where each is from, and how old it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from meguru.predictions.payload import micros, moment
from meguru.serving.features.enriched_rows import PRESENT, SENT, EnrichedRows
from meguru.serving.features.plan import FeaturePlan, PlannedView

COMPUTED, NULL = "COMPUTED", "NULL_VALUE"
"""What is said of what a function made, and of a value that is none in a row that is there."""


class ExplainedValue(msgspec.Struct, frozen=True, omit_defaults=True):
    """One value that a model was given.

    `status` is ``SENT`` for what came with the request, ``COMPUTED`` for what a function made of that; else
    what was found of the `view`: ``PRESENT``, ``NULL_VALUE``, ``NOT_FOUND``, ``OUTSIDE_MAX_AGE``, or
    ``LAST_KNOWN`` and ``DEFAULT`` while the store is away. `time` is since when it holds, `age` how long ago
    that was at the row's moment, in seconds.
    """

    value: Any
    status: str
    view: str | None = None
    time: datetime | None = None
    age: float | None = None


def explained(
    plan: FeaturePlan,
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    filled: EnrichedRows,
    times: Sequence[datetime],
    start: int,
) -> list[dict[str, ExplainedValue]]:
    """Return for each row what its model was given, by column.

    Parameters
    ----------
    names, rows
        The model's columns, and their values in each row.
    filled, start
        What views gave, and where the rows begin there.
    times
        The moment of each row.
    """
    made = plan.made()
    return [
        {
            name: _value(value, made.get(name), name, filled, start + index, times[index])
            for name, value in zip(names, row, strict=True)
        }
        for index, row in enumerate(rows)
    ]


def _value(
    value: Any,
    origin: tuple[PlannedView, str] | None,
    name: str,
    filled: EnrichedRows,
    row: int,
    at: datetime,
) -> ExplainedValue:
    if origin is None or ((sent := filled.sent.get(name)) and sent[row]):
        return ExplainedValue(value, SENT)
    view = origin[0]
    if view.on_demand:
        return ExplainedValue(value, COMPUTED, view.ref)
    status = filled.states[view.ref][row]
    event = filled.events[view.ref][row]
    if status == PRESENT and value is None:
        status = NULL
    if event is None or not view.definition.time:
        return ExplainedValue(value, status, view.ref)
    return ExplainedValue(value, status, view.ref, moment(event), (micros(at) - event) / 1_000_000)
