"""Some tracked runs beside each other: what differs, and their curves in one drawing each metric."""

from __future__ import annotations

from markupsafe import Markup
from starlette.responses import Response

from meguru.console.charts.curves import Curve, curves, swatch
from meguru.console.pages.runs import took
from meguru.console.visit import Visit
from meguru.tracking import show as tracked
from meguru.tracking.compare import compare
from meguru.tracking.comparison import Comparison

CHARTS = 8
POINTS = 200
ROWS = 500
"""So many params, metrics or tags are on the page: those that differ come first."""


def show(visit: Visit) -> Response:
    """Show the runs that the query names, one ``run=…`` each."""
    found = compare(visit.ws, runs=visit.request.query_params.getlist("run"))
    return visit.render(
        "compare.html",
        found=found,
        charts=_charts(visit, found),
        swatches=[swatch(number) for number in range(len(found.runs))],
        groups=[
            (title, rows[:ROWS], len(rows) - len(rows[:ROWS]))
            for title, rows in (
                (visit.say("Params"), found.params),
                (visit.say("Metrics"), found.metrics),
                (visit.say("Tags"), found.tags),
                (visit.say("Surroundings"), found.surroundings),
            )
        ],
        took=took,
        live="run.",
    )


def _charts(visit: Visit, found: Comparison) -> list[tuple[str, Markup]]:
    drawn = []
    keys = {key for run in found.runs for key, metric in run.metrics.items() if metric.count > 1}
    for key in sorted(keys)[:CHARTS]:
        lines = [
            Curve(name=run.name or run.id, rank=rank, points=points)
            for rank, run in enumerate(found.runs)
            if key in run.metrics and len(points := _points(visit, run.id, key)) > 1
        ]
        if lines:
            drawn.append((key, curves(lines, visit.text("{metric} by step", metric=key))))
    return drawn


def _points(visit: Visit, run: str, key: str) -> list[tuple[float, float]]:
    points = tracked.chart(visit.ws, run=run, key=key, points=POINTS)
    return [(float(point.step), point.value) for point in points if point.value is not None]
