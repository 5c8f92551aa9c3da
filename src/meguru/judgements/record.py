"""Record what people and applications say of answers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from meguru.base import digests, refs
from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.judgements import store
from meguru.judgements.types import (
    JUDGEMENTS,
    MAX_COMMENT,
    MAX_FEEDBACK,
    MAX_JUDGE,
    MAX_LABEL,
    FeedbackInput,
    FeedbackRecorded,
    Thumb,
)
from meguru.judgements.verdict import conclude
from meguru.kernel.operations import Context, operation
from meguru.predictions import ids, matching
from meguru.predictions import store as predictions
from meguru.predictions.outcome_store import RowId
from meguru.predictions.types import MAX_TOLD, MAX_WAITING, OutcomeValue, Unknown, read_rule
from meguru.serving import store as endpoints


@operation("feedback.record", permission="feedback:write", on="endpoint", refers={"endpoint": "endpoint"})
def record(
    ctx: Context, *, endpoint: str, feedback: list[FeedbackInput], unknown: Unknown = "refuse"
) -> FeedbackRecorded:
    """Record judgements on answers of an endpoint; the same again changes nothing.

    Of several of one judge on one answer the latest counts, and all are kept. They are no outcomes, but where
    the endpoint's rule (`FeedbackRule`) says so: then they are what really happened, until that is known.

    Raises
    ------
    InvalidInput
        If a prediction is unknown (with ``unknown="keep"`` those by key wait for it), or nothing is said.
    """
    if not 1 <= len(feedback) <= MAX_FEEDBACK:
        why = f"{len(feedback):,} judgements were sent, 1 to {MAX_FEEDBACK:,} are allowed"
        raise InvalidInput("one call can't record these", why=why, field="feedback")
    for index, each in enumerate(feedback):
        _check(each, f"feedback[{index}]")
    by_id = [matching.named(each, f"feedback[{index}]") for index, each in enumerate(feedback)]
    now, name = ctx.now(), refs.parse(endpoint, kind="endpoint").name
    with ctx.ws.read() as tx:
        rule = read_rule(endpoints.get(tx, name).feedback)
        found = matching.find(tx, name, feedback, by_id, now)
        known = predictions.find_batches(tx, [batch_id for each in found for batch_id, _ in each])
    absent: list[FeedbackInput] = []
    rows: list[dict[str, Any]] = []
    for index, (given, meant) in enumerate(zip(feedback, found, strict=True)):
        if not _check_known(name, given, f"feedback[{index}]", meant, known, now, unknown):
            absent.append(given)
        who: list[RowId | None] = [*meant] if meant else [None]
        rows += [store.row_of(name, given, place, now, ctx.principal.name) for place in who]
    new = _new(ctx, name, rows, now)
    if absent and store.count_waiting(ctx.tx, name) + len(absent) > MAX_WAITING:
        raise Conflict(f"too much feedback on {name} waits for predictions that nobody knows")
    store.add(ctx.tx, new)
    corrected, outcomes = settle(ctx, name, [_place(row) for row in new if row["batch_id"]], rule)
    waiting = sum(not row["batch_id"] for row in new)
    if new:
        emit_recorded(
            ctx, name, count=len(new) - waiting, corrected=corrected, waiting=waiting, outcomes=outcomes
        )
    return FeedbackRecorded(
        endpoint=name,
        count=len(rows) - len(absent),
        corrected=corrected,
        repeated=len(rows) - len(new),
        waiting=len(absent),
        unknown=[f"key {feedback_input.key}" for feedback_input in absent[:MAX_TOLD]],
        outcomes=outcomes,
    )


@operation("feedback.add", permission="feedback:write", on="id", refers={"id": "prediction"})
def add(
    ctx: Context,
    *,
    id: str,
    thumb: Thumb | None = None,
    rating: float | None = None,
    label: OutcomeValue | None = None,
    comment: str | None = None,
    by: str = "",
    at: datetime | None = None,
) -> FeedbackRecorded:
    """Record a judgement on one prediction by its id alone; see `feedback.record`."""
    name = refs.parse(id, kind="prediction").name
    place = ids.split(name)
    with ctx.ws.read() as tx:
        batch = predictions.find_batches(tx, [place[0]]).get(place[0]) if place else None
    if batch is None:
        raise NotFound.of("prediction", name[:80])
    feedback_input = FeedbackInput(
        prediction_id=name, thumb=thumb, rating=rating, label=label, comment=comment, by=by, at=at
    )
    return record.function(ctx, endpoint=batch.endpoint, feedback=[feedback_input])


def settle(ctx: Context, endpoint: str, judged: Sequence[RowId], rule: Any) -> tuple[int, int]:
    """Say which judgements on some predictions count; return how many were replaced, and became outcomes."""
    by_place: dict[RowId, dict[str, Row[Any]]] = {}
    replaced = []
    for row in store.of_places(ctx.tx, judged):
        judges = by_place.setdefault((row.batch_id, row.row), {})
        # Oldest first: a later judgement of the same judge replaces the one before, which is kept.
        if row.judge in judges and judges[row.judge].counts:
            replaced.append(judges[row.judge].id)
        judges.pop(row.judge, None)
        judges[row.judge] = row
    late = [row.id for judges in by_place.values() for row in judges.values() if not row.counts]
    store.mark(ctx.tx, replaced, counts=False)
    store.mark(ctx.tx, late, counts=True)
    said = {place: list(judges.values()) for place, judges in by_place.items()}
    return len(replaced), conclude(ctx.tx, endpoint, said, rule, ctx.now())


def emit_recorded(ctx: Context, endpoint: str, **counts: int) -> None:
    """Emit what was recorded, and what of it became outcomes."""
    ref = refs.make("endpoint", endpoint)
    counted = {name: count for name, count in counts.items() if count or name == "count"}
    event = ctx.emit("feedback.recorded", ref, data={"endpoint": endpoint} | counted)
    if counts["outcomes"]:
        data = {"endpoint": endpoint, "count": counts["outcomes"]}
        ctx.emit("outcomes.recorded", ref, data=data, cause=event.id)


def _new(ctx: Context, endpoint: str, rows: Sequence[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """Return what was not said before; who changed their mind, and changes it back, says something new."""
    before = store.recorded_digests(ctx.tx, endpoint, [row["digest"] for row in rows])
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        counts = before.get(row["digest"])
        if counts is False and row["batch_id"] and row["at"] == now:
            row["digest"] = digests.of_value([row["digest"], now])
            counts = None
        if counts is None:
            found.setdefault(row["digest"], row)
    return list(found.values())


def _check(given: FeedbackInput, path: str) -> None:
    if all(getattr(given, name) is None for name in JUDGEMENTS):
        raise InvalidInput("a judgement says something", field=path, hint=f"give {', '.join(JUDGEMENTS)}")
    for name, most in (("comment", MAX_COMMENT), ("by", MAX_JUDGE)):
        text = getattr(given, name) or ""
        if len(text) > most or "\0" in text:
            what = f"{name} has {len(text):,} characters, at most {most:,} are kept"
            raise InvalidInput(what, field=f"{path}.{name}")
    if given.label is not None and len(str(given.label)) > MAX_LABEL:
        raise InvalidInput("the label is too large", field=f"{path}.label")
    if given.rating is not None and not abs(given.rating) < 1e9:
        raise InvalidInput("a rating is a number", field=f"{path}.rating")


def _check_known(
    endpoint: str,
    given: FeedbackInput,
    path: str,
    meant: Sequence[RowId],
    known: Any,
    now: datetime,
    unknown: Unknown,
) -> bool:
    if not meant:
        if unknown == "refuse":
            raise matching.unknown_key(given, path, endpoint, now)
        return False
    for batch_id, row in meant:
        batch = known.get(batch_id)
        if batch is None or batch.endpoint != endpoint or row >= batch.n:
            raise matching.unknown_id(given, path, endpoint, None)
    return True


def _place(row: dict[str, Any]) -> RowId:
    return row["batch_id"], row["row"]
