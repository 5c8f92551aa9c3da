"""Record what really happened."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from meguru.base import refs
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.kinds import provided
from meguru.kernel.operations import Context, operation
from meguru.predictions import ids, matching, outcome_store, store, unmatched_store
from meguru.predictions.outcome_store import RowId
from meguru.predictions.types import (
    MAX_OUTCOMES,
    MAX_TOLD,
    OutcomeInput,
    OutcomesRecorded,
    OutcomeValue,
    Unknown,
)
from meguru.tasks import Task, task_of

TASKS = "task source"
"""The family that knows what a model does: ``f(tx, model) -> Task | None``, None for one it does not know."""
_UNKNOWN = task_of("regression")
"""What can't be asked for its task answered a number, as every model once did."""


@operation("outcome.record", permission="outcome:write", on="endpoint", refers={"endpoint": "endpoint"})
def record(
    ctx: Context, *, endpoint: str, outcomes: list[OutcomeInput], unknown: Unknown = "refuse"
) -> OutcomesRecorded:
    """Record the outcomes of predictions that an endpoint answered.

    Each names its prediction by id, or by the client's own key and time. Recording the same outcome again
    changes nothing; of different ones the one counts that became known last (`at`), and all are kept. All
    are recorded or, when one is wrong, none. With ``unknown="keep"`` those of predictions that nobody knows
    wait for them, and the answer names them.

    Raises
    ------
    InvalidInput
        If a prediction is unknown, a value is none for its model's task or there are too many; `field` says
        which.
    """
    if not 1 <= len(outcomes) <= MAX_OUTCOMES:
        raise InvalidInput(
            f"one call can't record {len(outcomes)} outcomes",
            why=f"1 to {MAX_OUTCOMES:,} are allowed",
            hint="send them in several calls" if outcomes else "",
            field="outcomes",
        )
    by_id = [matching.named(each, f"outcomes[{index}]") for index, each in enumerate(outcomes)]
    now = ctx.now()
    # Looked up in a read transaction: `ctx.tx` would hold the write lock all the while. What is found can
    # only be removed in between, by retention, and then the foreign key refuses its outcome.
    with ctx.ws.read() as tx:
        found = matching.find(tx, endpoint, outcomes, by_id, now)
        known = store.find_batches(tx, [batch_id for each in found for batch_id, _ in each])
        absent = _absent(ctx, endpoint, outcomes, found, known, now, unknown)
        tasks = tasks_of(tx, {batch.model_ref for batch in known.values()})
    if sum(map(len, found)) > MAX_OUTCOMES:
        why = f"several predictions have one key and time: together more than {MAX_OUTCOMES:,}"
        raise InvalidInput("too many predictions are meant", field="outcomes", why=why, hint="send fewer")
    takes = {batch_id: tasks[batch.model_ref].outcome for batch_id, batch in known.items()}
    rows = list(_rows(found, outcomes, takes, now, ctx.principal.name))
    left = unmatched_store.add(ctx.tx, endpoint, [outcomes[each] for each in absent], now, ctx.principal.name)
    done = outcome_store.record(ctx.tx, endpoint, rows) if rows else outcome_store.NONE
    _emit_recorded(ctx, endpoint, done, count=len(rows), waiting=left)
    return OutcomesRecorded(
        endpoint=endpoint,
        count=len(rows),
        corrected=done.corrected,
        repeated=done.repeated,
        waiting=len(absent),
        unknown=[_name(outcomes[each]) for each in absent[:MAX_TOLD]],
    )


@operation("outcome.add", permission="outcome:write", on="id", refers={"id": "prediction"})
def add(ctx: Context, *, id: str, value: OutcomeValue, at: datetime | None = None) -> OutcomesRecorded:
    """Record the outcome of one prediction by its id alone; see `outcome.record`."""
    name = refs.parse(id, kind="prediction").name
    place = ids.split(name)
    with ctx.ws.read() as tx:
        batch = store.find_batches(tx, [place[0]]).get(place[0]) if place else None
    if batch is None:
        raise NotFound.of("prediction", name[:80])
    outcome_input = OutcomeInput(prediction_id=name, value=value, at=at)
    return record.function(ctx, endpoint=batch.endpoint, outcomes=[outcome_input])


def tasks_of(tx: Connection, models: Iterable[str]) -> dict[str, Task]:
    """Return what each model does; where nobody can say, a number is answered."""
    family = provided(TASKS)
    source = family.load("model") if "model" in family.names() else None
    return {model: (source and source(tx, model)) or _UNKNOWN for model in models}


def _absent(
    ctx: Context,
    endpoint: str,
    outcomes: Sequence[OutcomeInput],
    found: list[list[RowId]],
    known: Mapping[str, Any],
    now: datetime,
    unknown: Unknown,
) -> list[int]:
    """Return which outcomes are of predictions that nobody knows; those that never can be are refused."""
    absent = []
    for index, each in enumerate(found):
        path = f"outcomes[{index}]"
        if not each and unknown == "refuse":
            raise matching.unknown_key(outcomes[index], path, endpoint, now)
        for batch_id, row in each:
            batch = known.get(batch_id)
            if batch is None or batch.endpoint != endpoint or row >= batch.n:
                # Of an endpoint that the caller may not see nothing is told, not even that it answered.
                seen = batch if batch and _may_see(ctx, batch) else None
                if unknown == "refuse" or seen:
                    raise matching.unknown_id(outcomes[index], path, endpoint, seen)
                found[index] = []
        if not found[index]:
            absent.append(index)
    return absent


def _emit_recorded(
    ctx: Context, endpoint: str, done: outcome_store.Recorded, *, count: int, waiting: int
) -> None:
    """Emit what was recorded; what was known before is no news."""
    if done.repeated == count and not waiting:
        return
    more = {"corrected": done.corrected, "waiting": waiting}
    data = {"endpoint": endpoint, "count": count} | {name: each for name, each in more.items() if each}
    ctx.emit("outcomes.recorded", refs.make("endpoint", endpoint), data=data)


def _rows(
    found: Sequence[Sequence[RowId]],
    outcomes: Sequence[OutcomeInput],
    takes: Mapping[str, Callable[[Any], Any]],
    now: datetime,
    by: str,
) -> Iterator[dict[str, Any]]:
    """Give the outcomes as they are written, each checked by the task of the model that answered."""
    for index, (meant, given) in enumerate(zip(found, outcomes, strict=True)):
        for place in meant:
            try:
                value = takes[place[0]](given.value)
            except InvalidInput as error:
                field = f"outcomes[{index}].{error.field or 'value'}"
                raise InvalidInput(error.what, why=error.why, hint=error.hint, field=field) from None
            yield outcome_store.row_of(place, value, given.at or now, now, by)


def _name(given: OutcomeInput) -> str:
    if given.prediction_id:
        return given.prediction_id
    return f"key {given.key}" + (f" at {given.time.isoformat()}" if given.time else "")


def _may_see(ctx: Context, batch: Any) -> bool:
    """Tell whether the caller may know which endpoint answered a request."""
    return ctx.principal.allows("endpoint:read", refs.project_of(batch.endpoint))
