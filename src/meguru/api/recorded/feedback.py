"""`POST /feedback`: what people and applications say of answers."""

from __future__ import annotations

from pathlib import Path

import msgspec

from meguru.api.recorded.calls import check_key, parts_by_endpoint, record_all
from meguru.judgements.operations import record
from meguru.judgements.types import JUDGEMENTS, MAX_FEEDBACK, FeedbackInput, FeedbackRecorded
from meguru.kernel.workspace import Workspace
from meguru.predictions.sources import Form, SourceColumns, read_file, shaped
from meguru.predictions.types import Unknown


class SentFeedback(FeedbackInput, frozen=True, kw_only=True):
    """A judgement as it is sent: its endpoint beside it, unless the request or its prediction says that."""

    endpoint: str = ""


class FeedbackTaken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the feedback of a request; see `FeedbackRecorded`."""

    count: int = 0
    corrected: int = 0
    repeated: int = 0
    waiting: int = 0
    outcomes: int = 0
    unknown: list[str] = []
    endpoints: list[str] = []


COLUMNS = SourceColumns(SentFeedback, required=JUDGEMENTS)


def take(
    ws: Workspace, path: Path, form: Form, *, endpoint: str = "", unknown: Unknown = "keep"
) -> FeedbackTaken:
    """Record the feedback of a body, 10,000 a transaction."""
    check_key(ws.idempotency_key)
    parts = shaped(read_file(path, form, COLUMNS, name="the body"), SentFeedback, COLUMNS, MAX_FEEDBACK)
    by_endpoint = parts_by_endpoint(ws, endpoint, parts, "feedback:write")
    none = FeedbackRecorded(endpoint="", count=0)
    total, endpoints = record_all(ws, by_endpoint, record, "feedback", none, unknown)
    return FeedbackTaken(
        count=total.count,
        corrected=total.corrected,
        repeated=total.repeated,
        waiting=total.waiting,
        outcomes=total.outcomes,
        unknown=total.unknown,
        endpoints=endpoints,
    )
