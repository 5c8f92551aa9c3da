"""Join feedback that came before its prediction."""

import msgspec

from meguru.base import refs
from meguru.judgements import store
from meguru.judgements.record import emit_recorded, settle
from meguru.judgements.types import FeedbackRecorded
from meguru.kernel.operations import Context, operation
from meguru.predictions import matching
from meguru.predictions.types import read_rule
from meguru.predictions.unmatched import latest_prediction_time
from meguru.serving import store as endpoints

MAX_JOINED = 2_000


@operation("feedback.join", permission="feedback:write", on="endpoint", refers={"endpoint": "endpoint"})
def join(ctx: Context, *, endpoint: str) -> FeedbackRecorded:
    """Have judgements count whose predictions are there by now; at most 2,000 a call. Servers do it."""
    name = refs.parse(endpoint, kind="endpoint").name
    with ctx.ws.read() as tx:
        rule = read_rule(endpoints.get(tx, name).feedback)
        ready = bool(store.joinable(tx, name, 1))
    found = store.joinable(ctx.tx, name, MAX_JOINED) if ready else []
    if not found:
        return FeedbackRecorded(endpoint=name, count=0)
    asked = [
        msgspec.structs.replace(each, at=latest_prediction_time(each.at, each.recorded_at)) for each in found
    ]
    meant = matching.find(ctx.tx, name, asked, [None] * len(found), ctx.now())
    joined = []
    for each, where in zip(found, meant, strict=True):
        if where:  # a key that several predictions have is judged at the first of them
            store.place(ctx.tx, each.id, where[0])
            joined.append(where[0])
    corrected, outcomes = settle(ctx, name, joined, rule)
    if joined:
        emit_recorded(ctx, name, count=len(joined), corrected=corrected, waiting=0, outcomes=outcomes)
    return FeedbackRecorded(endpoint=name, count=len(joined), corrected=corrected, outcomes=outcomes)
