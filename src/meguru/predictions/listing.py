"""List an endpoint's predictions."""

from collections.abc import Iterator

from sqlalchemy import Connection

from meguru.base import refs
from meguru.base.paging import Page, check_limit
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.predictions import ids, store
from meguru.predictions.show import predictions_of
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
    wanted: list[tuple[PredictionBatch, range]] = []
    left, after = limit, ""
    for batch, first in _from(ctx.tx, name, cursor):
        end = min(batch.n, first + left)
        if left:
            wanted.append((batch, range(first, end)))
        left -= end - first
        if end < batch.n:
            after = ids.join(batch.id, end)
            break
    return Page(items=predictions_of(ctx.tx, wanted), next_cursor=after)


def _from(tx: Connection, endpoint: str, cursor: str) -> Iterator[tuple[PredictionBatch, int]]:
    """Give batches with the first row that is wanted of each; the cursor is the next prediction's id."""
    place = ids.split(cursor) if cursor else None
    start = store.get(tx, place[0]) if place else None
    if cursor and (place is None or start is None or start.endpoint != endpoint):
        raise InvalidInput(f"{cursor[:80]!r} is no place in this list", field="cursor")
    if start and place:
        yield start, place[1]
    yield from ((each, 0) for each in store.newest_first(tx, endpoint, before=start))
