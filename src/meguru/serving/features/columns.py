"""The columns of views beside those of a contract: what may be sent, what is lacking, what is recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from meguru.flavors import Signature, SignatureColumn
from meguru.predictions.payload import micros, moment
from meguru.predictions.types import SENT_PREFIX, VIEW_PREFIX
from meguru.serving.body import RequestRows
from meguru.serving.contracts.inputs import InputSource
from meguru.serving.features.enriched_rows import EnrichedRows
from meguru.serving.features.plan import FeaturePlan


def made_from(
    sent: Sequence[SignatureColumn], signature: Signature, plan: FeaturePlan
) -> tuple[SignatureColumn, ...]:
    """Return the columns that views give, and a contract has not: they may be sent, and need not."""
    names = {column.name for column in sent}
    return tuple(column for column in plan.made_columns(signature) if column.name not in names)


def used_by(sources: Sequence[InputSource], known: Sequence[SignatureColumn]) -> tuple[SignatureColumn, ...]:
    """Return those of the known columns that a model's are, or are made of."""
    names = {name for source in sources for name in source.expression.uses}
    return tuple(column for column in known if column.name in names)


def lacking(
    version: int, sent: Sequence[SignatureColumn], used: Sequence[SignatureColumn], plan: FeaturePlan
) -> list[str]:
    """Return, as sentences, which fields views are asked with that a contract has not, or otherwise."""
    here = {column.name: column for column in sent}
    columns = tuple(column for column in used if column.name not in here)
    faults = []
    for wanted in plan.raw_columns(Signature(inputs=columns)):
        column = here.get(wanted.name)
        if column is None:
            faults.append(f"{wanted.name!r} is needed by views, and contract {version} has no such column")
        elif column.type is not wanted.type:
            kinds = f"is {column.type} in contract {version}, and views are asked with {wanted.type}"
            faults.append(f"column {wanted.name!r} {kinds}")
    return faults


def moments_of(requests: Sequence[RequestRows], received: Sequence[datetime]) -> list[int] | None:
    """Return the moment of each row in microseconds; None if no request said one: then it is now."""
    if all(request.times is None for request in requests):
        return None  # nearly always: the newest values are read, without a comparison for each row
    found: list[int] = []
    for request, came in zip(requests, received, strict=True):
        found += map(micros, request.times or [came] * len(request.rows))
    return found


def recorded_columns(
    filled: EnrichedRows, start: int, n: int, types: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, Sequence[Any]]]:
    """Return what is recorded of the views of n rows: since when values hold, and what was sent instead."""
    kinds: dict[str, str] = {}
    columns: dict[str, Sequence[Any]] = {}
    for ref, events in filled.events.items():
        name = VIEW_PREFIX + ref.removeprefix("feature_view/")
        kinds[name] = "datetime"
        columns[name] = [at if at is None else moment(at) for at in events[start : start + n]]
    for name, brought in filled.sent.items():
        here = brought[start : start + n]
        if any(here) and name in types:
            kinds[SENT_PREFIX + name] = types[name]
            values = filled.columns[name][start : start + n]
            columns[SENT_PREFIX + name] = [
                value if own else None for value, own in zip(values, here, strict=True)
            ]
    return kinds, columns
