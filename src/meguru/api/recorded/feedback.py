"""`POST /feedback`: what people and applications say of answers."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import msgspec

from meguru.api.recorded.calls import check_key, key_of, parts_by_endpoint, told
from meguru.judgements.operations import record
from meguru.judgements.types import JUDGEMENTS, MAX_FEEDBACK, FeedbackInput
from meguru.kernel.workspace import Workspace
from meguru.predictions.sources import Form, SourceColumns, read_file, shaped
from meguru.predictions.types import MAX_TOLD, Unknown


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
    total = FeedbackTaken()
    names: dict[str, None] = {}
    for number, (name, rows) in enumerate(parts_by_endpoint(ws, endpoint, parts, "feedback:write")):
        given = [each for _, each in rows]
        call = partial(record, key_of(ws, number), endpoint=name, feedback=given, unknown=unknown)
        done = told(call, rows, "feedback", total.count + total.waiting)
        names[done.endpoint] = None
        total = FeedbackTaken(
            count=total.count + done.count,
            corrected=total.corrected + done.corrected,
            repeated=total.repeated + done.repeated,
            waiting=total.waiting + done.waiting,
            outcomes=total.outcomes + done.outcomes,
            unknown=[*total.unknown, *done.unknown][:MAX_TOLD],
            endpoints=list(names),
        )
    return total
