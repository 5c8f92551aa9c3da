"""`meguru cost`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from meguru.base.text import gettext as _
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session

if TYPE_CHECKING:
    from meguru.costs.types import CostLine

BY = ("project", "pipeline", "person", "model", "endpoint", "dataset")


@group
def command() -> None:
    """Costs: what runs, models, endpoints and people used, in money and CO2."""


@command.command()
@click.option("--by", type=click.Choice(BY), default="project", show_default=True, help="A line for each.")
@click.option("--days", type=click.IntRange(1, 3660), default=30, show_default=True, help="How far back.")
@with_session
def report(session: Session, *, by: str, days: int) -> None:
    """Tell what was used and cost, the dearest first."""
    from meguru.app.calls import cost_report as ask

    since = datetime.now().astimezone() - timedelta(days=days)
    found = ask(session.open(), by=by, since=since)
    shown = [*found.lines, *([found.total] if len(found.lines) > 1 else [])]
    columns = ("thing", "cost", "per 1,000", "CPU", "GPU", "memory", "kept", "CO2", "runs", "predictions")
    rows = [_row(each, each.name or _("together")) for each in shown]
    session.table(found, columns, rows, empty=_("nothing was used"))
    for note in found.notes:
        click.echo(_(note), err=True)


@command.command()
@click.argument("ref")
@with_session
def show(session: Session, ref: str) -> None:
    """Tell what a run, or the run that made model/NAME@N, used and cost."""
    from meguru.app.calls import cost_show as ask

    found = ask(session.open(), ref=ref)
    columns = ("thing", "cost", "per 1,000", "CPU", "GPU", "memory", "kept", "CO2", "runs", "predictions")
    session.table(found, columns, [_row(found, found.name)])


def _row(line: CostLine, name: str) -> tuple[str, ...]:
    use = line.use
    return (
        name,
        _money(line.money, line.unit),
        _money(line.per_thousand, line.unit),
        _amount(use.cpu_seconds / 3600, "h"),
        _amount(use.gpu_seconds / 3600, "h"),
        _amount(use.memory_gb_seconds / 3600, "GB h"),
        _amount(use.storage_gb_days / 30, "GB mo"),
        _amount(line.co2_kg, "kg"),
        f"{line.runs:,}" if line.runs else "",
        f"{line.predictions:,}" if line.predictions else "",
    )


def _money(value: float | None, unit: str) -> str:
    from meguru.business.formatting import amount

    return "" if value is None else amount(value, unit)


def _amount(value: float | None, unit: str) -> str:
    return _money(value, unit) if value else ""
