"""Search of runs by what they logged."""

from __future__ import annotations

from meguru.base.paging import Page, check_limit
from meguru.kernel.operations import Context, operation
from meguru.tracking import store
from meguru.tracking.experiments import store as experiments
from meguru.tracking.search.runs import RunQuery, search_runs
from meguru.tracking.types import Run


@operation(
    "run.search", permission="run:read", query=True, on="experiment", refers={"experiment": "experiment"}
)
def search(
    ctx: Context,
    *,
    query: str = "",
    order: list[str] | None = None,
    experiment: str = "",
    after: str = "",
    limit: int = 50,
) -> Page[Run]:
    """Find runs that are not deleted, of one experiment or of all that are not deleted.

    Parameters
    ----------
    query
        Comparisons joined by AND, in MLflow's grammar: ``metrics.auc > 0.8 and params.model = 'gbm' and
        tags.team = 'blue' and state = 'succeeded'``. Attributes are name, state, run_id, status, user_id,
        start_time and end_time (milliseconds since 1970); datasets have name, digest and context.
    order
        Such as ``metrics.auc DESC``; without it, and among equal ones, the newest come first.
    after
        ``next_cursor`` of the page before, with the same filter and order.

    Raises
    ------
    InvalidInput
        If the filter, the order or the cursor can't be read.
    """
    if experiment:
        keys = [experiments.get(ctx.tx, experiment, ctx.readable).experiment]
    else:
        keys = experiments.keys_of(ctx.tx, "active", ctx.visible)
    run_query = RunQuery(keys, query, order or [], limit=check_limit(limit), token=after)
    ids, cursor = search_runs(ctx.tx, run_query)
    runs = {run.id: run for run in store.of_ids(ctx.tx, ids, ctx.now())}
    return Page(items=[runs[each] for each in ids], next_cursor=cursor)
