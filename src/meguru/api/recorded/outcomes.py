"""`POST /outcomes`: what really happened."""

from __future__ import annotations

from pathlib import Path

import msgspec

from meguru.api.recorded.calls import check_key, parts_by_endpoint, record_all
from meguru.kernel.workspace import Workspace
from meguru.predictions.operations import record
from meguru.predictions.sources import Form, SourceColumns, read_file, shaped
from meguru.predictions.types import MAX_OUTCOMES, OutcomeInput, OutcomesRecorded, Unknown


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


def take(
    ws: Workspace, path: Path, form: Form, *, endpoint: str = "", unknown: Unknown = "keep"
) -> OutcomesTaken:
    """Record the outcomes of a body, 10,000 a transaction."""
    check_key(ws.idempotency_key)
    parts = shaped(read_file(path, form, COLUMNS, name="the body"), SentOutcome, COLUMNS, MAX_OUTCOMES)
    by_endpoint = parts_by_endpoint(ws, endpoint, parts, "outcome:write")
    none = OutcomesRecorded(endpoint="", count=0)
    total, endpoints = record_all(ws, by_endpoint, record, "outcomes", none, unknown)
    return OutcomesTaken(
        count=total.count,
        corrected=total.corrected,
        repeated=total.repeated,
        waiting=total.waiting,
        unknown=total.unknown,
        endpoints=endpoints,
    )
