"""Declare a business metric that is not there yet."""

from meguru.base import refs
from meguru.business import store
from meguru.business.kind import BUSINESS_METRIC, BusinessMetricSpec
from meguru.business.types import WINDOW, BusinessMetric, Direction
from meguru.errors import Conflict
from meguru.kernel import declarations
from meguru.kernel.operations import Context, operation

NONE: list[str] = []


@operation(
    "business_metric.create", permission="business_metric:write", on="name", refers={"endpoint": "endpoint"}
)
def create(
    ctx: Context,
    *,
    name: str,
    endpoint: str,
    sql: str = "",
    python: str = "",
    code: str = "",
    datasets: list[str] = NONE,
    unit: str = "",
    direction: Direction = "higher",
    target: float | None = None,
    per: str = WINDOW,
    description: str = "",
) -> BusinessMetric:
    """Name a number over an endpoint's predictions, outcomes and datasets; the same again changes nothing.

    ``business_metric.declare`` changes one.
    """
    spec = BusinessMetricSpec(
        endpoint=endpoint,
        sql=sql,
        python=python,
        code=code,
        datasets=datasets,
        unit=unit,
        direction=direction,
        target=target,
        per=per,
        description=description,
    )
    planned = declarations.compare(ctx, BUSINESS_METRIC, name, spec)
    if planned.change is declarations.Change.UPDATED:
        raise Conflict(
            f"business metric {name!r} is there already",
            where=planned.ref,
            why=f"its {', '.join(change.field for change in planned.fields)} differ from what you ask for",
            hint=f"change it: meguru business-metric update {name}; or give the new one another name",
        )
    if planned.change is declarations.Change.CREATED:
        declarations.declare(ctx, BUSINESS_METRIC, name, spec)
    return store.one(ctx.tx, refs.parse(planned.ref).name)
