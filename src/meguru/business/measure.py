"""Measure a metric in a window, and keep what it came to."""

from datetime import datetime

from sqlalchemy import Connection

from meguru.base import refs
from meguru.business import store
from meguru.business.kind import measurement_data
from meguru.business.types import BusinessValue
from meguru.business.value import measure_all
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation


@operation("business_metric.measure", permission="business_metric:measure", on="name")
def measure(ctx: Context, *, name: str, start: datetime, end: datetime) -> BusinessValue:
    """Measure a metric over the predictions with event times in [start, end), and keep what it came to.

    What it came to before in the same window is replaced; the log has it. One that can't be measured says
    why.
    """
    check_window(start, end)
    with ctx.db.read() as tx:  # reading takes its time: no writer waits for it
        metric = store.one(tx, refs.parse(name, kind="business_metric").name)
        value = measure_all(tx, ctx.blobs, [metric], start, end)[0]
    return record_values(ctx, [value])[0]


def record_values(ctx: Context, values: list[BusinessValue]) -> list[BusinessValue]:
    """Keep what metrics came to, and tell of what is new; of a metric that is gone nothing is kept."""
    return [_record(ctx, ctx.tx, value) for value in values]


def _record(ctx: Context, tx: Connection, value: BusinessValue) -> BusinessValue:
    before = store.value_at(tx, value.metric, value.start, value.end)
    if before is not None and _is_same(before, value):
        return before
    # Retired while it was measured.
    if store.find(tx, value.metric) is None:
        return value
    store.put_value(tx, value, ctx.now())
    subject = refs.make("business_metric", value.metric)
    ctx.emit(
        "business_metric.measured",
        subject,
        data=measurement_data(value, before),
        used=[subject, *value.datasets],
    )
    return store.value_at(tx, value.metric, value.start, value.end) or value


def _is_same(before: BusinessValue, value: BusinessValue) -> bool:
    # The same data may have had no value once, as where time ran out.
    return (before.digest, before.problem, len(before.others)) == (
        value.digest,
        value.problem,
        len(value.others),
    )


def check_window(start: datetime, end: datetime) -> None:
    """Refuse times without a zone, and an empty window."""
    for field, given in (("start", start), ("end", end)):
        if given.tzinfo is None:
            hint = f"write {given.isoformat()}Z for UTC"
            raise InvalidInput(f"{field} has no time zone", hint=hint, field=field)
    if start >= end:
        raise InvalidInput("the window is empty", why=f"it ends at {end} and starts at {start}", field="end")
