"""`meguru model compare`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from meguru.cli.arguments import MODEL
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session
from meguru.cli.tables import cell

if TYPE_CHECKING:
    from meguru.registry.compare import IntervalBounds, ModelComparison


@verb
@click.argument("first", type=MODEL)
@click.argument("second", type=MODEL)
@click.option("--metric", "metrics", multiple=True, help="Only this metric; may be given several times.")
@click.option("--level", default=0.95, show_default=True, help="Of the intervals.")
@with_session
def compare(session: Session, first: str, second: str, metrics: tuple[str, ...], level: float) -> None:
    """Compare version FIRST with SECOND on the same rows, with intervals."""
    from meguru.app.calls import model_compare as ask

    found = ask(session.open(), first=first, second=second, metrics=list(metrics), level=level)
    if session.as_json:
        session.show(found, lambda: None)
        return
    rows = [
        (
            each.metric,
            _shown(each.first),
            _shown(each.second),
            _shown(each.difference),
            {"first": found.first.ref, "second": found.second.ref}.get(each.better, ""),
        )
        for each in found.metrics
    ]
    columns = ("metric", found.first.ref, found.second.ref, "difference", "better")
    session.table(found, columns, rows or _alone(found), empty=found.reason)
    note = f"on {found.rows:,} rows of the holdout of {found.rows_of}" if rows else found.reason
    click.echo(note, err=True)


def _shown(found: IntervalBounds) -> str:
    if found.low is None or found.high is None:
        return cell(found.value)
    return f"{cell(found.value)} ({found.low:.4g} … {found.high:.4g})"


def _alone(found: ModelComparison) -> list[tuple[str, ...]]:
    """Return what was measured of each one by itself, on rows of its own."""
    both = found.first.metrics, found.second.metrics
    names = sorted({name for each in both for name in each})
    return [(name, *(cell(each.get(name)) for each in both), "", "") for name in names]
