"""Keep predictions out of the data that outcomes become: damaged inputs, people who want to be forgotten."""

from collections.abc import Sequence

from meguru.base import refs
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.predictions import excluded_store, ids, outcome_days, store
from meguru.predictions.outcome_store import RowId
from meguru.predictions.types import MAX_OUTCOMES

MAX_REASON = 500


@operation("outcome.exclude", permission="outcome:write", on="endpoint", refers={"endpoint": "endpoint"})
def exclude(ctx: Context, *, endpoint: str, predictions: list[str], why: str) -> int:
    """Keep predictions of an endpoint out of every later version of data; return how many were in before.

    They stay as they are, and so do the versions that hold them already.
    """
    name = refs.parse(endpoint, kind="endpoint").name
    if not why.strip():
        raise InvalidInput("say why these are kept out", field="why")
    reason = why.strip()[:MAX_REASON]
    places = _places(ctx, name, predictions)
    new = excluded_store.add(ctx.tx, places, reason, ctx.now(), ctx.principal.name)
    if new:
        outcome_days.add(ctx.tx, name, [batch_id for batch_id, _ in new])
        ctx.emit("outcomes.excluded", refs.make("endpoint", name), data={"count": len(new), "reason": reason})
    return len(new)


@operation("outcome.readmit", permission="outcome:write", on="endpoint", refers={"endpoint": "endpoint"})
def readmit(ctx: Context, *, endpoint: str, predictions: list[str]) -> int:
    """Let predictions into the data again; return how many were kept out."""
    name = refs.parse(endpoint, kind="endpoint").name
    places = _places(ctx, name, predictions)
    back = excluded_store.remove(ctx.tx, places)
    if back:
        outcome_days.add(ctx.tx, name, [batch_id for batch_id, _ in back])
        ctx.emit("outcomes.readmitted", refs.make("endpoint", name), data={"count": len(back)})
    return len(back)


def _places(ctx: Context, endpoint: str, predictions: Sequence[str]) -> list[RowId]:
    if not 1 <= len(predictions) <= MAX_OUTCOMES:
        why = f"{len(predictions)} were named, 1 to {MAX_OUTCOMES:,} are allowed"
        raise InvalidInput("name the predictions", why=why, field="predictions")
    found = [ids.split(refs.parse(prediction, kind="prediction").name) for prediction in predictions]
    with ctx.ws.read() as tx:
        known = store.find_batches(tx, [place[0] for place in found if place])
    places = []
    for index, (given, place) in enumerate(zip(predictions, found, strict=True)):
        batch = known.get(place[0]) if place else None
        if place is None or batch is None or batch.endpoint != endpoint or place[1] >= batch.n:
            what = f"endpoint {endpoint!r} never answered the prediction {given[:80]!r}"
            raise InvalidInput(what, field=f"predictions[{index}]")
        places.append(place)
    return list(dict.fromkeys(places))
