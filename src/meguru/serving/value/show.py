"""Tell what an endpoint's retraining is worth."""

from __future__ import annotations

from datetime import datetime

from meguru.base import refs
from meguru.base.timestamps import check_time_zone
from meguru.business import store as metrics
from meguru.business.questions import features_of
from meguru.business.tables import shadows_of
from meguru.business.types import BusinessMetric
from meguru.business.value import MAX_ROWS
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.operations import Context, operation
from meguru.predictions import spans
from meguru.predictions.window import frame
from meguru.serving import store
from meguru.serving.replay import one_at_a_time
from meguru.serving.types import Endpoint
from meguru.serving.value.frozen import frozen_model, replayed
from meguru.serving.value.months import compared, months_of
from meguru.serving.value.types import EndpointValue


@operation("endpoint.value", permission="prediction:read", query=True, on="name", refers={"name": "endpoint"})
def value(
    ctx: Context,
    *,
    name: str,
    metric: str = "",
    frozen: str = "",
    start: datetime | None = None,
    end: datetime | None = None,
) -> EndpointValue:
    """Tell what the live answers were worth beside those of a model that was never retrained, month by month.

    By default the metric is the endpoint's only one, the frozen model the first that was live at it, and the
    span all that was recorded. Where the frozen model scored along, its answers are taken as they were; else
    it is asked again with the recorded inputs.

    Raises
    ------
    NotFound
        If there is no such endpoint, metric or model.
    InvalidInput
        If there is nothing to compare, or the frozen model can't answer what was recorded.
    Busy
        If others are asked again, for longer than a caller should wait.
    """
    endpoint = store.get(ctx.tx, refs.parse(name, kind="endpoint").name)
    business_metric = _metric(ctx, endpoint.name, metric)
    model = _frozen(ctx, endpoint, frozen)
    since, until = _span(ctx, endpoint.name, start, end)
    rows = frame(ctx.tx, endpoint.name, since, until, features=features_of([business_metric]))
    is_shadow = model in shadows_of(rows)
    if not is_shadow:
        rows = frame(ctx.tx, endpoint.name, since, until)
    parts = months_of(rows, since, until)
    if not is_shadow:
        with one_at_a_time():
            served = frozen_model(ctx.ws, endpoint.name, model)
            for month_rows in parts:
                month_rows.rows = replayed(served, month_rows.rows)
    months, total = compared(ctx, business_metric, model, parts)
    return EndpointValue(
        endpoint=endpoint.name,
        metric=business_metric.name,
        unit=business_metric.unit,
        direction=business_metric.direction,
        per=business_metric.per,
        model=model,
        how="shadow" if is_shadow else "replay",
        months=months,
        total=total,
    )


def _metric(ctx: Context, endpoint: str, metric: str) -> BusinessMetric:
    seen = ctx.principal.projects("business_metric:read")
    business_metrics = metrics.page(ctx.tx, seen, [endpoint])
    if metric:
        full = refs.within(refs.project_of(endpoint), metric.removeprefix("business_metric/"))
        business_metric = next((each for each in business_metrics if each.name == full), None)
        if business_metric is None:
            raise NotFound.of("business metric", metric[:200], [each.name for each in business_metrics])
        return business_metric
    if len(business_metrics) != 1:
        hint = (
            f"one of {', '.join(each.name for each in business_metrics)}"
            if business_metrics
            else "meguru business-metric create"
        )
        what = f"endpoint {endpoint!r} has {len(business_metrics) or 'no'} business metrics"
        raise InvalidInput(what, why="its value is told by one of them", hint=hint, field="metric")
    return business_metrics[0]


def _frozen(ctx: Context, endpoint: Endpoint, said: str) -> str:
    if said:
        full = refs.within(refs.project_of(endpoint.name), said.removeprefix("model/"))
        model = refs.parse(full, kind="model")
        ctx.check_readable("model", model.name)
        return refs.make("model", model.name, model.version or "1")
    first = store.first_live(ctx.tx, endpoint.name)
    if first is None:
        what = f"no model was ever live at {endpoint.name!r}"
        raise InvalidInput(what, hint="name the model that it is compared with", field="frozen")
    return first


def _span(
    ctx: Context, endpoint: str, start: datetime | None, end: datetime | None
) -> tuple[datetime, datetime]:
    first, last = spans.recorded(ctx.tx, endpoint)
    since, until = start or first, end or last
    if since is None or until is None:
        raise InvalidInput(f"endpoint {endpoint!r} has recorded nothing yet", field="start")
    check_time_zone(since, field="start")
    check_time_zone(until, field="end")
    if since >= until:
        raise InvalidInput("the span is empty", why=f"it ends at {until} and starts at {since}", field="end")
    count = spans.counted(ctx.tx, endpoint, since, until).rows
    if count > MAX_ROWS:
        why = f"it has {count:,} predictions, and up to {MAX_ROWS:,} are read"
        raise InvalidInput("the span is too long", why=why, hint="ask for a part of it", field="start")
    return since, until
