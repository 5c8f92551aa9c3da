"""Record what really happened."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from meguru.base import refs
from meguru.errors import InvalidInput
from meguru.kernel.kinds import provided
from meguru.kernel.operations import Context, operation
from meguru.predictions import ids, outcome_store, row_keys, store
from meguru.predictions.outcome_store import Place
from meguru.predictions.types import MAX_OUTCOMES, OutcomeInput, OutcomesRecorded
from meguru.tasks import Task, task_of

TASKS = "task source"
"""The family that knows what a model does: ``f(tx, model) -> Task | None``, None for one it does not know."""
_UNKNOWN = task_of("regression")
"""What can't be asked for its task answered a number, as every model once did."""


@operation("outcome.record", permission="outcome:write", on="endpoint", refers={"endpoint": "endpoint"})
def record(ctx: Context, *, endpoint: str, outcomes: list[OutcomeInput]) -> OutcomesRecorded:
    """Record the outcomes of predictions that an endpoint answered.

    Each names its prediction by id, or by the client's own key and time. Recording the same outcome again
    changes nothing; of different ones the one counts that became known last (`at`), and all are kept. All
    are recorded or, when one is wrong, none.

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
    named = [_place(each, index) for index, each in enumerate(outcomes)]
    now = ctx.now()
    with ctx.ws.read() as tx:
        found = _found(tx, endpoint, outcomes, named, now)
        known = store.known(tx, [batch_id for places in found for batch_id, _ in places])
        for index, places in enumerate(found):
            for batch_id, row in places:
                batch = known.get(batch_id)
                if batch is None or batch.endpoint != endpoint or row >= batch.n:
                    seen = batch if batch and _is_seen(ctx, batch) else None
                    raise _unknown(outcomes[index], index, endpoint, seen)
        tasks = _tasks(tx, {batch.model_ref for batch in known.values()})
    takes = {batch_id: tasks[batch.model_ref].outcome for batch_id, batch in known.items()}
    rows = list(_rows(found, outcomes, takes, now, ctx.principal.name))
    done = outcome_store.record(ctx.tx, endpoint, rows)
    corrected = {"corrected": done.corrected} if done.corrected else {}
    data = {"endpoint": endpoint, "count": len(rows)} | corrected
    ctx.emit("outcomes.recorded", refs.make("endpoint", endpoint), data=data)
    return OutcomesRecorded(
        endpoint=endpoint, count=len(rows), corrected=done.corrected, repeated=done.repeated
    )


def _place(given: OutcomeInput, index: int) -> Place | None:
    """Return the prediction that an outcome names by its id; None if it names one by key."""
    for name, moment in (("at", given.at), ("time", given.time)):
        if moment is not None and moment.tzinfo is None:
            hint = f"write {moment.isoformat()}Z for UTC"
            field = f"outcomes[{index}].{name}"
            raise InvalidInput("the time of an outcome has no time zone", hint=hint, field=field)
    if given.key != "":
        if given.prediction_id:
            raise _misnamed("an outcome names its prediction twice", index, "key")
        row_keys.checked(given.key, f"outcomes[{index}].key")
        return None
    if not given.prediction_id:
        raise _misnamed("an outcome names no prediction", index, "prediction_id")
    if given.time is not None:
        raise _misnamed("time belongs to a key", index, "time")
    place = ids.split(given.prediction_id)
    if place is None:
        raise InvalidInput(
            f"{given.prediction_id[:80]!r} is not the id of a prediction",
            hint="use the id that came with the prediction, as in pred-01k….0",
            field=f"outcomes[{index}].prediction_id",
        )
    return place


def _misnamed(what: str, index: int, name: str) -> InvalidInput:
    return InvalidInput(
        what, field=f"outcomes[{index}].{name}", hint="send either prediction_id, or key (and time)"
    )


def _found(
    tx: Connection,
    endpoint: str,
    outcomes: Sequence[OutcomeInput],
    named: Sequence[Place | None],
    now: datetime,
) -> list[list[Place]]:
    """Return the predictions that each outcome is of, in the order of the outcomes."""
    asked = [(str(each.key), each.time, each.at or now) for each in outcomes if each.key != ""]
    by_key = iter(row_keys.places(tx, endpoint, asked))
    found = [[place] if place else next(by_key) for place in named]
    for index, places in enumerate(found):
        if not places:
            given = outcomes[index]
            when = f"at {given.time.isoformat()}" if given.time else f"by {(given.at or now).isoformat()}"
            raise InvalidInput(
                f"endpoint {endpoint!r} answered nothing with the key {str(given.key)[:80]!r}",
                why=f"no row of it happened {when}",
                hint="nothing of this call was recorded; leave it out or correct it",
                field=f"outcomes[{index}].key",
            )
    if sum(map(len, found)) > MAX_OUTCOMES:
        why = f"several predictions have one key and time: together more than {MAX_OUTCOMES:,}"
        raise InvalidInput("too many predictions are meant", field="outcomes", why=why, hint="send fewer")
    return found


def _rows(
    found: Sequence[Sequence[Place]],
    outcomes: Sequence[OutcomeInput],
    takes: Mapping[str, Callable[[Any], Any]],
    now: datetime,
    by: str,
) -> Iterator[dict[str, Any]]:
    """Give the outcomes as they are written, each checked by the task of the model that answered."""
    for index, (places, given) in enumerate(zip(found, outcomes, strict=True)):
        for place in places:
            try:
                value = takes[place[0]](given.value)
            except InvalidInput as error:
                field = f"outcomes[{index}].{error.field or 'value'}"
                raise InvalidInput(error.what, why=error.why, hint=error.hint, field=field) from None
            yield outcome_store.row_of(place, value, given.at or now, now, by)


def _tasks(tx: Connection, models: Iterable[str]) -> dict[str, Task]:
    family = provided(TASKS)
    source = family.load("model") if "model" in family.names() else None
    return {model: (source and source(tx, model)) or _UNKNOWN for model in models}


def _is_seen(ctx: Context, batch: Any) -> bool:
    """Tell whether the caller may know which endpoint answered a request."""
    return ctx.principal.allows("endpoint:read", refs.project_of(batch.endpoint))


def _unknown(given: OutcomeInput, index: int, endpoint: str, batch: Any) -> InvalidInput:
    why = ""
    if batch is not None:
        why = (
            f"the endpoint {batch.endpoint!r} did" if batch.endpoint != endpoint else f"it has {batch.n} rows"
        )
    return InvalidInput(
        f"endpoint {endpoint!r} never answered the prediction {given.prediction_id[:80]!r}",
        why=why,
        hint="nothing of this call was recorded; leave it out or correct it",
        field=f"outcomes[{index}].prediction_id",
    )
