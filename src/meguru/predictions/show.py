"""Show one prediction."""

from sqlalchemy import Connection

from meguru.base import refs
from meguru.errors import NotFound
from meguru.kernel.operations import Context, operation
from meguru.predictions import ids, payload, store
from meguru.predictions.types import SCORE_COLUMN, SHADOW_PREFIX, TIME_COLUMN, Prediction


@operation("prediction.show", permission="prediction:read", query=True, on="id")
def show(ctx: Context, *, id: str) -> Prediction:
    """Show one prediction: what came in, what was answered by which model, and what really happened."""
    return find(ctx.tx, refs.parse(id, kind="prediction").name)


def find(tx: Connection, id: str) -> Prediction:
    """Return one prediction, in an open transaction; NotFound if nothing was answered under this id."""
    key = ids.split(id)
    batch = store.get(tx, key[0]) if key else None
    if key is None or batch is None or key[1] >= batch.n:
        whole = store.get(tx, id) if key is None else None
        hint = f"it is a request of {whole.n} rows; the first is {ids.join(id, 0)}" if whole else ""
        raise NotFound.of("prediction", id[:80], hint=hint)
    row = key[1]
    values = payload.frame_of(batch.payload).row(row, named=True)
    score, at = values.pop(SCORE_COLUMN), values.pop(TIME_COLUMN)
    shadows = {name: values.pop(name) for name in list(values) if name.startswith(SHADOW_PREFIX)}
    return Prediction(
        id=ids.join(batch.id, row),
        endpoint=batch.endpoint,
        model=batch.model_ref,
        release=batch.release_ref,
        at=at,
        received_at=batch.received_at,
        features=values,
        score=score,
        shadows={name.removeprefix(SHADOW_PREFIX): value for name, value in shadows.items()},
        outcome=store.outcome_of(tx, batch.id, row),
    )
