"""Record what really happened."""

from collections.abc import Iterable, Sequence
from typing import Any

from meguru.base import refs
from meguru.errors import InvalidInput
from meguru.kernel.kinds import provided
from meguru.kernel.operations import Context, operation
from meguru.predictions import ids, outcome_store, row_keys, store
from meguru.predictions.outcome_store import Place
from meguru.predictions.types import MAX_OUTCOMES, OutcomeInput, OutcomesRecorded, OutcomeValue
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
    for index, each in enumerate(outcomes):
        _check(each, f"outcomes[{index}]")
    now = ctx.now()
    with ctx.ws.read() as tx:
        found = _found(ctx, tx, endpoint, outcomes)
        known = store.known(tx, [batch_id for places in found for batch_id, _ in places])
        for index, places in enumerate(found):
            _check_answered(ctx, endpoint, outcomes[index], index, known, places)
        tasks = _tasks(tx, {batch.model_ref for batch in known.values()})
    rows: list[dict[str, Any]] = []
    for index, (places, each) in enumerate(zip(found, outcomes, strict=True)):
        for place in places:
            value = _value(tasks[known[place[0]].model_ref], each, index)
            rows.append(outcome_store.row_of(place, value, each.at or now, now, ctx.principal.name))
    done = outcome_store.record(ctx.tx, endpoint, rows)
    data = {"endpoint": endpoint, "count": len(rows)} | (
        {"corrected": done.corrected} if done.corrected else {}
    )
    ctx.emit("outcomes.recorded", refs.make("endpoint", endpoint), data=data)
    return OutcomesRecorded(
        endpoint=endpoint, count=len(rows), corrected=done.corrected, repeated=done.repeated
    )


def _check(given: OutcomeInput, where: str) -> None:
    for name, moment in (("at", given.at), ("time", given.time)):
        if moment is not None and moment.tzinfo is None:
            hint = f"write {moment.isoformat()}Z for UTC"
            raise InvalidInput("the time of an outcome has no time zone", hint=hint, field=f"{where}.{name}")
    has_key = given.key != ""
    if bool(given.prediction_id) == has_key:
        what = "an outcome names its prediction twice" if has_key else "an outcome names no prediction"
        hint = "send either prediction_id, or key (and time)"
        raise InvalidInput(what, field=f"{where}.{'key' if has_key else 'prediction_id'}", hint=hint)
    if has_key:
        row_keys.checked(given.key, f"{where}.key")
        return
    if given.time is not None:
        hint = "leave it out: the id says all; at is when the outcome became known"
        raise InvalidInput("time belongs to a key", field=f"{where}.time", hint=hint)
    if ids.split(given.prediction_id) is None:
        raise InvalidInput(
            f"{given.prediction_id[:80]!r} is not the id of a prediction",
            hint="use the id that came with the prediction, as in pred-01k….0",
            field=f"{where}.prediction_id",
        )


def _found(ctx: Context, tx: Any, endpoint: str, outcomes: Sequence[OutcomeInput]) -> list[list[Place]]:
    """Return the predictions that each outcome is of, in the order of the outcomes."""
    now = ctx.now()
    asked = [(str(each.key), each.time, each.at or now) for each in outcomes if each.key != ""]
    by_key = iter(row_keys.places(tx, endpoint, asked))
    found = []
    for index, each in enumerate(outcomes):
        place = ids.split(each.prediction_id) if each.prediction_id else None
        places = [place] if place else next(by_key)
        if not places:
            when = f" at {each.time.isoformat()}" if each.time else ""
            raise InvalidInput(
                f"endpoint {endpoint!r} answered nothing with the key {str(each.key)[:80]!r}{when}",
                hint="nothing of this call was recorded; leave it out or correct it",
                field=f"outcomes[{index}].key",
            )
        found.append(places)
    if sum(map(len, found)) > MAX_OUTCOMES:
        why = f"several predictions have one key and time: together more than {MAX_OUTCOMES:,}"
        raise InvalidInput("too many predictions are meant", field="outcomes", why=why, hint="send fewer")
    return found


def _check_answered(
    ctx: Context, endpoint: str, given: OutcomeInput, index: int, known: Any, places: Iterable[Place]
) -> None:
    for batch_id, row in places:
        batch = known.get(batch_id)
        if batch is None or batch.endpoint != endpoint or row >= batch.n:
            raise _unknown(given, index, endpoint, batch if batch and _is_seen(ctx, batch) else None)


def _tasks(tx: Any, models: Iterable[str]) -> dict[str, Task]:
    family = provided(TASKS)
    source = family.load("model") if "model" in family.names() else None
    return {model: (source and source(tx, model)) or _UNKNOWN for model in models}


def _value(task: Task, given: OutcomeInput, index: int) -> OutcomeValue:
    try:
        value: OutcomeValue = task.outcome(given.value)
    except InvalidInput as error:
        field = f"outcomes[{index}].{error.field or 'value'}"
        raise InvalidInput(error.what, why=error.why, hint=error.hint, field=field) from None
    return value


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
