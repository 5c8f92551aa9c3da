"""Show endpoints."""

from meguru.base import refs
from meguru.base.paging import Page, check_limit
from meguru.kernel.operations import Context, operation
from meguru.predictions.counts import totals
from meguru.serving import store
from meguru.serving.contracts.show import details
from meguru.serving.health import observed
from meguru.serving.renewal import renewal_of
from meguru.serving.types import Endpoint, EndpointDetail


@operation("endpoint.show", permission="endpoint:read", query=True, on="name")
def show(ctx: Context, *, name: str) -> EndpointDetail:
    """Show an endpoint: what was promoted, whether it answers, what was before, and how much it answered."""
    name = refs.parse(name, kind="endpoint").name
    (endpoint,) = observed(ctx.tx, [store.get(ctx.tx, name)], ctx.now())
    return EndpointDetail(
        endpoint=endpoint,
        history=store.history(ctx.tx, name),
        totals=totals(ctx.tx, name),
        contracts=details(ctx.tx, name),
        renewal=renewal_of(ctx, endpoint),
    )


@operation("endpoint.list", permission="endpoint:read", query=True)
def list_endpoints(ctx: Context, *, cursor: str = "", limit: int = 100) -> Page[Endpoint]:
    """List endpoints by name, with what was promoted at them and whether it answers."""
    endpoints = store.page(ctx.tx, after=cursor, limit=check_limit(limit) + 1, projects=ctx.visible)
    more = endpoints[limit - 1].name if len(endpoints) > limit else ""
    return Page(items=observed(ctx.tx, endpoints[:limit], ctx.now()), next_cursor=more)
