"""`meguru business-metric`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from meguru.cli.arguments import BUSINESS_METRIC, ENDPOINT
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from meguru.business.types import BusinessValue

_HEADINGS = ("window", "value", "95 %", "target", "unit", "per", "rows", "outcomes", "note")


@group
def command() -> None:
    """Business metrics: named numbers over predictions, outcomes and datasets, in people's own unit."""


def _options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--description", help="What it means, in a sentence."),
        click.option("--per", help='What the value is for: window, prediction, or "1000 predictions".'),
        click.option("--target", type=float, help="What it should reach, or not exceed."),
        click.option(
            "--higher/--lower", "higher", default=None, help="Whether more or less of it is better."
        ),
        click.option("--unit", help="The unit it is in: JPY, minutes, calls."),
        click.option("--dataset", "datasets", multiple=True, help="A dataset to join: fares, or fares@3."),
        click.option("--python", help="FILE.py:FUNCTION of the tables as Polars frames, instead of SQL."),
        click.option("--sql", help="SELECT … AS value FROM predictions; @FILE reads a file."),
    ):
        function = option(function)
    return function


def _kept_code(session: Session, entry: str) -> dict[str, str]:
    """Keep a snapshot of what a function reaches; return the fields that name it."""
    from pathlib import Path

    from meguru.features.code import traced

    made = traced(session.open().blobs, Path.cwd(), entry, field="python")
    return {"python": made.function, "code": made.snapshot, "sql": ""}


def _given(session: Session, options: dict[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in options.items() if value is not None}
    higher = given.pop("higher", None)
    if higher is not None:
        given["direction"] = "higher" if higher else "lower"
    if not given["datasets"]:
        del given["datasets"]
    else:
        given["datasets"] = list(given["datasets"])
    if given.get("python"):
        given |= _kept_code(session, given["python"])
    elif given.get("sql"):
        given |= {"python": "", "code": ""}
    if str(given.get("sql", "")).startswith("@"):
        given["sql"] = click.File(encoding="utf-8").convert(given["sql"][1:], None, None).read()
    return given


@command.command()
@click.argument("name")
@click.option("--endpoint", type=ENDPOINT, required=True, help="The endpoint whose predictions it is of.")
@_options
@with_session
def create(session: Session, name: str, endpoint: str, **options: Any) -> None:
    """Name a number NAME over an endpoint's predictions, outcomes and datasets."""
    from meguru.app.calls import business_metric_create as ask

    made = ask(session.open(), name=name, endpoint=endpoint, **_given(session, options))
    session.show(made, lambda: click.echo(f"{made.ref} is measured over endpoint/{made.endpoint}"))


@command.command()
@click.argument("name", type=BUSINESS_METRIC)
@_options
@click.option("--no-target", is_flag=True, help="It has no target any more.")
@with_session
def update(session: Session, name: str, *, no_target: bool, **options: Any) -> None:
    """Change the declaration of business metric NAME; what is not given stays."""
    from meguru.app.calls import business_metric_declare
    from meguru.app.calls import business_metric_show as ask
    from meguru.business.kind import BusinessMetricSpec
    from meguru.cli.specs import change

    known = ask(session.open(), name=name).metric
    cleared = ["target"] if no_target else []
    change(session, business_metric_declare, known, BusinessMetricSpec, _given(session, options), *cleared)


@command.command()
@click.argument("name", type=BUSINESS_METRIC)
@with_session
def delete(session: Session, name: str) -> None:
    """Take business metric NAME out of use; what it came to stays."""
    from meguru.app.calls import business_metric_retire
    from meguru.cli.specs import retire

    retire(session, business_metric_retire, name)


@command.command("list")
@click.option("--endpoint", type=ENDPOINT, default="", help="Of this endpoint.")
@with_session
def list_(session: Session, endpoint: str) -> None:
    """List business metrics with what they came to last."""
    from meguru.app.calls import business_metric_list as ask

    found = ask(session.open(), endpoint=endpoint)
    rows = [
        (each.metric.name, each.metric.endpoint, *(_row(each.last) if each.last else ("",) * len(_HEADINGS)))
        for each in found
    ]
    session.table(
        found,
        ("metric", "endpoint", *_HEADINGS),
        rows,
        begin="meguru business-metric create NAME --endpoint …",
    )


@command.command()
@click.argument("name", type=BUSINESS_METRIC)
@click.option("--limit", default=24, show_default=True, help="How many windows.")
@with_session
def show(session: Session, name: str, limit: int) -> None:
    """Show what business metric NAME came to in each window that was measured, newest first."""
    from meguru.app.calls import business_metric_show as ask

    found = ask(session.open(), name=name, limit=limit)
    begin = f"meguru business-metric measure {name} --start TIME --end TIME"
    session.table(found, _HEADINGS, [_row(each) for each in found.values], begin=begin)


@command.command()
@click.argument("name", type=BUSINESS_METRIC)
@click.option("--start", required=True, type=click.DateTime(), help="Start of the window (UTC).")
@click.option("--end", required=True, type=click.DateTime(), help="End of the window (UTC), not in it.")
@with_session
def measure(session: Session, name: str, start: datetime, end: datetime) -> None:
    """Measure business metric NAME over the predictions of a window of event time."""
    from meguru.app.calls import business_metric_measure as ask

    found = ask(session.open(), name=name, start=start.replace(tzinfo=UTC), end=end.replace(tzinfo=UTC))
    session.table(found, _HEADINGS, [_row(found)])


def _row(found: BusinessValue) -> tuple[object, ...]:
    from meguru.business.formatting import number

    sure = found.low is not None and found.high is not None
    return (
        f"{found.start:%Y-%m-%d}..{found.end:%Y-%m-%d}",
        "" if found.value is None else number(found.value),
        f"{number(found.low or 0)}..{number(found.high or 0)}" if sure else "",
        "" if found.target is None else number(found.target),
        found.unit,
        found.per,
        found.rows,
        found.outcomes,
        found.problem or ("beyond its target" if found.misses else ""),
    )
