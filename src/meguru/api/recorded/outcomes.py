"""`POST /outcomes`: what really happened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from meguru.api.recorded.calls import check_key, key_of, parts_by_endpoint, told
from meguru.kernel.workspace import Workspace
from meguru.predictions.operations import record
from meguru.predictions.sources import Form, SourceColumns, read_file, shaped
from meguru.predictions.types import MAX_OUTCOMES, MAX_TOLD, OutcomeInput, Unknown


class SentOutcome(OutcomeInput, frozen=True, kw_only=True):
    """An outcome as it is sent: its endpoint beside it, unless the request or its prediction says that."""

    endpoint: str = ""


class OutcomesTaken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the outcomes of a request; see `OutcomesRecorded`."""

    count: int = 0
    corrected: int = 0
    repeated: int = 0
    waiting: int = 0
    unknown: list[str] = []
    endpoints: list[str] = []


COLUMNS = SourceColumns(SentOutcome, required=("value",))


def take(ws: Workspace, path: Path, form: Form, *, endpoint: str = "", unknown: Unknown = "keep") -> Any:
    """Record the outcomes of a body, 10,000 a transaction."""
    check_key(ws.idempotency_key)
    rows = read_file(path, form, COLUMNS, name="the body")
    return recorded(ws, endpoint, shaped(rows, SentOutcome, COLUMNS, MAX_OUTCOMES), unknown)


def recorded(
    ws: Workspace, endpoint: str, parts: Iterable[Sequence[tuple[int, SentOutcome]]], unknown: Unknown
) -> OutcomesTaken:
    """Record parts, one after another; return the sums."""
    total = OutcomesTaken()
    names: dict[str, None] = {}
    for number, (name, rows) in enumerate(parts_by_endpoint(ws, endpoint, parts, "outcome:write")):
        given = [each for _, each in rows]
        call = partial(record, key_of(ws, number), endpoint=name, outcomes=given, unknown=unknown)
        done = told(call, rows, "outcomes", total.count + total.waiting)
        names[done.endpoint] = None
        total = OutcomesTaken(
            count=total.count + done.count,
            corrected=total.corrected + done.corrected,
            repeated=total.repeated + done.repeated,
            waiting=total.waiting + done.waiting,
            unknown=[*total.unknown, *done.unknown][:MAX_TOLD],
            endpoints=list(names),
        )
    return total
