"""`meguru endpoint value`: what retraining is worth, in the business unit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from meguru.cli.arguments import ENDPOINT
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session

if TYPE_CHECKING:
    from meguru.serving.value.types import EndpointValue, ValueSpan

_HEADINGS = ("month", "live", "not retrained", "gain", "95 %", "cumulative", "95 %", "rows", "note")


@verb
@click.argument("name", type=ENDPOINT)
@click.option("--metric", default="", help="The business metric. Default: the only one of the endpoint.")
@click.option("--frozen", default="", help="The model to compare with. Default: the first that was live.")
@click.option("--start", type=click.DateTime(), help="From when on (UTC). Default: all that was recorded.")
@click.option("--end", type=click.DateTime(), help="Until when (UTC), not in it.")
@with_session
def value(
    session: Session, name: str, metric: str, frozen: str, start: datetime | None, end: datetime | None
) -> None:
    """Show what live answers of endpoint NAME were worth, beside a model that was never retrained."""
    from meguru.app.calls import endpoint_value as ask

    span = {field: at.replace(tzinfo=UTC) for field, at in (("start", start), ("end", end)) if at is not None}
    found = ask(session.open(), name=name, metric=metric, frozen=frozen, **span)
    if not session.as_json:
        click.echo(_told(found))
    rows = [_row(f"{month.start:%Y-%m}", month) for month in found.months]
    session.table(found, _HEADINGS, [*rows, _row("all", found.total)])


def _told(found: EndpointValue) -> str:
    how = "scored along" if found.how == "shadow" else "was asked again with what was recorded"
    per = "" if found.per == "window" else f" per {found.per}"
    return f"{found.metric}, in {found.unit or 'its unit'}{per}: live against {found.model}, which {how}"


def _row(label: str, span: ValueSpan) -> tuple[object, ...]:
    from meguru.business.formatting import number

    def shown(value: float | None) -> str:
        return "" if value is None else number(value)

    def between(low: float | None, high: float | None) -> str:
        return "" if low is None or high is None else f"{number(low)}..{number(high)}"

    return (
        label,
        shown(span.live),
        shown(span.frozen),
        shown(span.gain),
        between(span.low, span.high),
        shown(span.cumulative),
        between(span.cumulative_low, span.cumulative_high),
        span.rows if span.rows == span.of_rows else f"{span.rows} of {span.of_rows}",
        span.problem,
    )
