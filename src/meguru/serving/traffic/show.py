"""How an endpoint was used, and how it answered."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from meguru.base import refs
from meguru.base.timestamps import check_time_zone
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.serving import store as endpoints
from meguru.serving.traffic import store
from meguru.serving.traffic.types import EndpointTraffic, TrafficCounts

MAX_PARTS = 500


@operation("endpoint.traffic", permission="endpoint:read", query=True, on="name")
def traffic(
    ctx: Context, *, name: str, start: datetime | None = None, end: datetime | None = None, parts: int = 60
) -> EndpointTraffic:
    """Tell requests, errors, latency and load of an endpoint, by the clock of its servers.

    By default those of the last hour. All replicas are counted together. The newest five seconds may be
    missing.
    """
    endpoint = endpoints.get(ctx.tx, refs.parse(name, kind="endpoint").name)
    until = ctx.now() if end is None else end
    since = until - timedelta(hours=1) if start is None else start
    check_time_zone(since, field="start")
    check_time_zone(until, field="end")
    if since >= until:
        raise InvalidInput("the span is empty", why=f"it ends at {until} and starts at {since}", field="end")
    if not 1 <= parts <= MAX_PARTS:
        raise InvalidInput(f"1 to {MAX_PARTS} parts are told", field="parts", why=f"it is {parts}")
    return summed(endpoint.name, store.between(ctx.tx, endpoint.name, since, until), since, until, parts)


def summed(
    endpoint: str, rows: list[TrafficCounts], start: datetime, end: datetime, parts: int
) -> EndpointTraffic:
    """Add up what was counted, in all and in equal parts; parts in which nothing was asked are left out."""
    length = (end - start) / parts
    total = TrafficCounts(start=start, span=_seconds(end - start), latencies={})
    found: dict[int, TrafficCounts] = {}
    for counts in rows:
        total.add(counts)
        at = min((counts.start - start) // length, parts - 1)
        part = found.setdefault(
            at, TrafficCounts(start=start + at * length, span=_seconds(length), latencies={})
        )
        part.add(counts)
    return EndpointTraffic(
        endpoint=endpoint,
        start=start,
        end=end,
        total=total,
        parts=[found[at] for at in sorted(found)],
        p50=total.latency(0.5),
        p95=total.latency(0.95),
        p99=total.latency(0.99),
        occupied=total.busy / total.watched if total.watched else None,
    )


def _seconds(length: timedelta) -> int:
    return max(1, round(length.total_seconds()))


def counted(tx: Connection, endpoint: str, start: datetime, end: datetime) -> EndpointTraffic:
    """Return what was counted of an endpoint in a window, for those who may not import this package."""
    return summed(endpoint, store.between(tx, endpoint, start, end), start, end, 1)
