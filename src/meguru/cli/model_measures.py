"""What the metrics of a version were on its holdout: ``meguru model measures``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from meguru.cli.arguments import MODEL
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session
from meguru.cli.tables import cell

if TYPE_CHECKING:
    from meguru.flavors.measures import Measure
    from meguru.kernel.remote import RemoteWorkspace
    from meguru.kernel.workspace import Workspace


@verb
@click.argument("ref", type=MODEL)
@with_session
def measures(session: Session, ref: str) -> None:
    """Show the metrics of a version on its holdout: NAME, NAME@3 or NAME@champion.

    Each with its interval, on all rows and on those of each slice.
    """
    from meguru.app.calls import model_measures as ask

    found = ask(session.open(), ref=ref)
    rows = [("all", measure.n, *_row(measure)) for measure in found.measures]
    for part in found.slices:
        rows += [(f"{part.column}={part.value}", part.rows, *_row(measure)) for measure in part.measures]
    columns = ("rows of", "rows", "metric", "value", "interval", "unit", "better", "method")
    session.table(found, columns, rows, begin="Model(…, holdout=frame, label='late')")


def spans_of(ws: Workspace | RemoteWorkspace, ref: str) -> dict[str, str]:
    """Return the interval and the unit of each measured metric, as text to stand behind its value."""
    from meguru.app.calls import model_measures as ask

    return {
        measure.metric: f"  {_span(measure)}  {_unit(measure)}".rstrip()
        for measure in ask(ws, ref=ref).measures
    }


def _row(measure: Measure) -> tuple[str, ...]:
    return (
        measure.metric,
        cell(measure.value),
        _span(measure),
        _unit(measure),
        measure.direction,
        measure.method,
    )


def _span(measure: Measure) -> str:
    return (
        "" if measure.low is None or measure.high is None else f"({cell(measure.low)} … {cell(measure.high)})"
    )


def _unit(measure: Measure) -> str:
    return "" if measure.unit in {"share", "as the label"} else measure.unit
