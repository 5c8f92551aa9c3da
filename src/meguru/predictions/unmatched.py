"""Unmatched outcomes, which came before their predictions or are of none: join, list and drop them."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from meguru.artifacts.holds.store import check_free
from meguru.base import refs
from meguru.base.paging import Page, check_limit
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.predictions import matching, outcome_store, store, unmatched_store
from meguru.predictions.record import tasks_of
from meguru.predictions.types import OutcomesRecorded, WaitingOutcome

_EVER = datetime.max.replace(tzinfo=UTC)
MAX_JOINED = 5_000
"""So many are joined in one transaction."""


@operation(
    "outcome.waiting", permission="outcome:read", query=True, on="endpoint", refers={"endpoint": "endpoint"}
)
def waiting(ctx: Context, *, endpoint: str, cursor: str = "", limit: int = 100) -> Page[WaitingOutcome]:
    """List the outcomes of an endpoint that wait for predictions nobody knows yet, oldest first."""
    name, limit = refs.parse(endpoint, kind="endpoint").name, check_limit(limit)
    if cursor and not (cursor.isdecimal() and len(cursor) <= 18):
        raise InvalidInput(f"{cursor[:80]!r} is no place in this list", field="cursor")
    outcomes = unmatched_store.page(ctx.tx, name, after=int(cursor or 0), limit=limit + 1)
    more = str(outcomes[limit - 1].number) if len(outcomes) > limit else ""
    return Page(items=outcomes[:limit], next_cursor=more)


@operation("outcome.join", permission="outcome:write", on="endpoint", refers={"endpoint": "endpoint"})
def join(ctx: Context, *, endpoint: str) -> OutcomesRecorded:
    """Record what waited and whose predictions are there by now; at most 5,000 a call. Servers do it.

    An outcome that its model's task does not take stays where it is, with the reason.
    """
    name = refs.parse(endpoint, kind="endpoint").name
    with ctx.ws.read() as tx:
        ready = bool(unmatched_store.joinable(tx, name, 1))  # without the write lock: mostly there is nothing
    found = unmatched_store.joinable(ctx.tx, name, MAX_JOINED) if ready else []
    if not found:
        return OutcomesRecorded(endpoint=name, count=0)
    rows, joined, wrong = _rows(ctx, name, found)
    done = outcome_store.record(ctx.tx, name, rows) if rows else outcome_store.NONE
    unmatched_store.remove(ctx.tx, joined)
    for number, problem in wrong.items():
        unmatched_store.mark(ctx.tx, number, problem)
    if rows or wrong:
        data = {"endpoint": name, "count": len(rows), "corrected": done.corrected, "joined": len(rows)}
        ctx.emit("outcomes.recorded", refs.make("endpoint", name), data=data)
    return OutcomesRecorded(
        endpoint=name, count=len(rows), corrected=done.corrected, repeated=done.repeated, waiting=len(wrong)
    )


@operation("outcome.forget", permission="outcome:write", on="endpoint", refers={"endpoint": "endpoint"})
def forget(ctx: Context, *, endpoint: str, before: datetime) -> int:
    """Give up the outcomes that waited since before a moment; return how many that were."""
    name = refs.parse(endpoint, kind="endpoint").name
    check_free(ctx.tx, ctx.now(), refs.make("endpoint", name), refs.project_of(name))
    count = unmatched_store.forget(ctx.tx, name, before)
    if count:
        ctx.emit("outcomes.forgotten", refs.make("endpoint", name), data={"count": count})
    return count


def latest_prediction_time(at: datetime, recorded_at: datetime) -> datetime:
    """Return until when the prediction was made of what waits for it: if nobody said so, at any time."""
    return _EVER if at == recorded_at else at


def _rows(
    ctx: Context, endpoint: str, found: Sequence[WaitingOutcome]
) -> tuple[list[dict[str, object]], set[int], dict[int, str]]:
    """Return the outcomes as they are written, the numbers of those, and by number why some can't be."""
    by_id = [matching.named(outcome, "outcome") for outcome in found]
    now = ctx.now()
    outcomes = [
        msgspec.structs.replace(outcome, at=latest_prediction_time(outcome.at, outcome.recorded_at))
        for outcome in found
    ]
    meant = matching.find(ctx.tx, endpoint, outcomes, by_id, now)
    known = store.find_batches(ctx.tx, [batch_id for each in meant for batch_id, _ in each])
    tasks = tasks_of(ctx.tx, {batch.model_ref for batch in known.values()})
    rows: list[dict[str, object]] = []
    joined, wrong = set[int](), dict[int, str]()
    for waiter, its_places in zip(found, meant, strict=True):
        for place in its_places:
            try:
                value = tasks[known[place[0]].model_ref].outcome(waiter.value)
            except InvalidInput as error:
                wrong[waiter.number] = f"{error.what}: {error.why}"
            else:
                # It is recorded now: who looks for what is new since then must see it.
                rows.append(outcome_store.row_of(place, value, waiter.at, now, waiter.recorded_by))
                joined.add(waiter.number)
    return rows, joined - wrong.keys(), wrong
