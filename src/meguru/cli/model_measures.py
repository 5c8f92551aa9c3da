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
    rows = [("all", each.n, *_row(each)) for each in found.measures]
    for part in found.slices:
        rows += [(f"{part.column}={part.value}", part.rows, *_row(each)) for each in part.measures]
    columns = ("rows of", "rows", "metric", "value", "interval", "unit", "better", "method")
    session.table(found, columns, rows, begin="Model(…, holdout=frame, label='late')")


def spans_of(ws: Workspace | RemoteWorkspace, ref: str) -> dict[str, str]:
    """Return the interval and the unit of each measured metric, as text to stand behind its value."""
    from meguru.app.calls import model_measures as ask

    return {each.metric: f"  {_span(each)}  {_unit(each)}".rstrip() for each in ask(ws, ref=ref).measures}


def _row(each: Measure) -> tuple[str, ...]:
    return each.metric, cell(each.value), _span(each), _unit(each), each.direction, each.method


def _span(each: Measure) -> str:
    return "" if each.low is None or each.high is None else f"({cell(each.low)} … {cell(each.high)})"


def _unit(each: Measure) -> str:
    return "" if each.unit in {"share", "as the label"} else each.unit
