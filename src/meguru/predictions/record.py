"""Record what really happened."""

import math
from typing import Any

from meguru.base import refs
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.predictions import ids, store
from meguru.predictions.types import OutcomeInput, OutcomesRecorded

MAX_OUTCOMES = 10_000


@operation("outcome.record", permission="outcome:write", on="endpoint", refers={"endpoint": "endpoint"})
def record(ctx: Context, *, endpoint: str, outcomes: list[OutcomeInput]) -> OutcomesRecorded:
    """Record the outcomes of predictions that an endpoint answered.

    Recording the same outcome again changes nothing; of two different ones, the one that became known
    later (`at`) stays. All are recorded or, when one is wrong, none.

    Raises
    ------
    InvalidInput
        If a prediction is unknown, a value is not finite or there are too many; `field` says which.
    """
    if not 1 <= len(outcomes) <= MAX_OUTCOMES:
        raise InvalidInput(
            f"one call can't record {len(outcomes)} outcomes",
            why=f"1 to {MAX_OUTCOMES:,} are allowed",
            hint="send them in several calls" if outcomes else "",
            field="outcomes",
        )
    keys = [_key(each, index) for index, each in enumerate(outcomes)]
    with ctx.ws.read() as tx:
        known = store.known(tx, [batch_id for batch_id, _ in keys])
    for index, (batch_id, row) in enumerate(keys):
        batch = known.get(batch_id)
        if batch is None or batch.endpoint != endpoint or row >= batch.n:
            raise _unknown(
                outcomes[index], index, endpoint, batch if batch and _is_seen(ctx, batch) else None
            )
    now = ctx.now()
    rows: list[dict[str, Any]] = [
        {"batch_id": batch_id, "row": row, "value": each.value, "at": each.at or now, "recorded_at": now}
        for (batch_id, row), each in zip(keys, outcomes, strict=True)
    ]
    store.record(ctx.tx, endpoint, rows)
    data = {"endpoint": endpoint, "count": len(rows)}
    ctx.emit("outcomes.recorded", refs.make("endpoint", endpoint), data=data)
    return OutcomesRecorded(endpoint=endpoint, count=len(rows))


def _key(given: OutcomeInput, index: int) -> tuple[str, int]:
    where = f"outcomes[{index}]"
    if not math.isfinite(given.value):
        why = f"it is {given.value}"
        raise InvalidInput("an outcome must be a finite number", why=why, field=f"{where}.value")
    if given.at is not None and given.at.tzinfo is None:
        hint = f"write {given.at.isoformat()}Z for UTC"
        raise InvalidInput("the time of an outcome has no time zone", hint=hint, field=f"{where}.at")
    key = ids.split(given.prediction_id)
    if key is None:
        raise InvalidInput(
            f"{given.prediction_id[:80]!r} is not the id of a prediction",
            hint="use the id that came with the prediction, as in pred-01k….0",
            field=f"{where}.prediction_id",
        )
    return key


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
