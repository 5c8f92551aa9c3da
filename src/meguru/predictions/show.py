"""Show one prediction."""

from meguru.errors import NotFound
from meguru.kernel.operations import Context, operation
from meguru.predictions import ids, payload, store
from meguru.predictions.types import SCORE_COLUMN, SHADOW_PREFIX, TIME_COLUMN, Prediction


@operation("prediction.show", permission="prediction:read", query=True)
def show(ctx: Context, *, id: str) -> Prediction:
    """Show one prediction: what came in, what was answered by which model, and what really happened."""
    key = ids.split(id)
    batch = store.get(ctx.tx, key[0]) if key else None
    if key is None or batch is None or key[1] >= batch.n:
        raise NotFound.of("prediction", id[:80])
    row = key[1]
    values = payload.frame_of(batch.payload).row(row, named=True)
    score, at = values.pop(SCORE_COLUMN), values.pop(TIME_COLUMN)
    shadows = {name: values.pop(name) for name in list(values) if name.startswith(SHADOW_PREFIX)}
    return Prediction(
        id=id,
        endpoint=batch.endpoint,
        model=batch.model_ref,
        release=batch.release_ref,
        at=at,
        received_at=batch.received_at,
        features=values,
        score=score,
        shadows={name.removeprefix(SHADOW_PREFIX): value for name, value in shadows.items()},
        outcome=store.outcome_of(ctx.tx, batch.id, row),
    )
