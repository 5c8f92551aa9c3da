"""Questions about business metrics."""

import msgspec

from meguru.base import refs
from meguru.base.paging import check_limit
from meguru.business import store
from meguru.business.types import BusinessMetric, BusinessValue
from meguru.kernel.operations import Context, operation


class MetricStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A business metric with what it came to last."""

    metric: BusinessMetric
    last: BusinessValue | None = None


class MetricHistory(msgspec.Struct, frozen=True, kw_only=True):
    """A business metric with what it came to in the windows that were measured, newest first."""

    metric: BusinessMetric
    values: list[BusinessValue]


@operation(
    "business_metric.list", permission="business_metric:read", query=True, refers={"endpoint": "endpoint"}
)
def list_metrics(ctx: Context, *, endpoint: str = "") -> list[MetricStatus]:
    """List business metrics, or those of one endpoint, each with what it came to in its newest window."""
    wanted = [refs.parse(endpoint, kind="endpoint").name] if endpoint else []
    metrics = store.page(ctx.tx, ctx.visible, wanted)
    last = store.newest_values(ctx.tx, [metric.name for metric in metrics])
    return [MetricStatus(metric=metric, last=last.get(metric.name)) for metric in metrics]


@operation("business_metric.show", permission="business_metric:read", query=True, on="name")
def show_metric(ctx: Context, *, name: str, limit: int = 100) -> MetricHistory:
    """Show a business metric, with what it came to in the newest windows that were measured."""
    metric = store.one(ctx.tx, refs.parse(name, kind="business_metric").name)
    return MetricHistory(metric=metric, values=store.values(ctx.tx, metric.name, check_limit(limit)))
