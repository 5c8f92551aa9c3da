"""List an endpoint's predictions."""

from sqlalchemy import Connection

from meguru.base import refs
from meguru.base.paging import Page, check_limit
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.predictions import ids, store
from meguru.predictions.show import prediction_of
from meguru.predictions.types import Prediction, PredictionBatch

MAX_LISTED = 100


@operation(
    "prediction.list",
    permission="prediction:read",
    query=True,
    on="endpoint",
    refers={"endpoint": "endpoint"},
)
def list_predictions(ctx: Context, *, endpoint: str, cursor: str = "", limit: int = 30) -> Page[Prediction]:
    """List the predictions of an endpoint, those of the newest request first; at most 100 at a time."""
    name, limit = refs.parse(endpoint, kind="endpoint").name, min(check_limit(limit), MAX_LISTED)
    found: list[Prediction] = []
    for batch, first in _from(ctx.tx, name, cursor, limit):
        for row in range(first, batch.n):
            if len(found) == limit:
                return Page(items=found, next_cursor=ids.join(batch.id, row))
            found.append(prediction_of(ctx.tx, batch, row))
    return Page(items=found)


def _from(tx: Connection, endpoint: str, cursor: str, limit: int) -> list[tuple[PredictionBatch, int]]:
    """Return batches with the first row that is wanted of each; the cursor is the next prediction's id."""
    place = ids.split(cursor) if cursor else None
    start = store.get(tx, place[0]) if place else None
    if cursor and (place is None or start is None or start.endpoint != endpoint):
        raise InvalidInput(f"{cursor[:80]!r} is no place in this list", field="cursor")
    older = [(each, 0) for each in store.newest(tx, endpoint, before=start, limit=limit + 1)]
    return [(start, place[1]), *older] if start and place else older
