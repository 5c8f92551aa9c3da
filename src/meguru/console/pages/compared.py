"""Some tracked runs beside each other: what differs, and their curves in one drawing each metric."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from meguru.console import plots
from meguru.console.charts.curves import swatch
from meguru.console.page_request import PageFunction, Visit
from meguru.console.pages.runs import took
from meguru.tracking.compare import compare
from meguru.tracking.types import Run

ROWS = 500
"""So many params, metrics or tags are on the page: those that differ come first."""


def show(visit: Visit) -> Response:
    """Show the runs that the query names, one ``run=…`` each."""
    chosen = visit.request.query_params.getlist("run")
    if len(chosen) < 2:
        return visit.render("compare_none.html", live="", status=200)
    comparison = compare(visit.ws, runs=chosen)
    points = _points(comparison.runs)
    shown = plots.window(points, visit.asked("metric"), visit.asked("after"))
    return visit.render(
        "compare.html",
        found=comparison,
        shown=shown,
        plot_groups=plots.groups(shown.keys, points),
        drawings=plots.of_runs(visit, comparison.runs, shown.keys[: plots.FIRST])
        if not visit.fragment
        else {},
        swatches=[swatch(number) for number in range(len(comparison.runs))],
        groups=[
            (title, rows[:ROWS], len(rows) - len(rows[:ROWS]))
            for title, rows in (
                (visit.say("Params"), comparison.params),
                (visit.say("Metrics"), comparison.metrics),
                (visit.say("Tags"), comparison.tags),
                (visit.say("Surroundings"), comparison.surroundings),
            )
        ],
        took=took,
        live="run.",
        followed=comparison.runs,
    )


def charts(visit: Visit) -> Response:
    """Show the charts of some metrics of the runs, which the page asks for as they come into sight."""
    return plots.render(visit, compare(visit.ws, runs=visit.request.query_params.getlist("run")).runs)


def _points(runs: Sequence[Run]) -> dict[str, int]:
    """Return how many points all runs have of each metric that some run has a curve of."""
    found: dict[str, int] = {}
    for run in runs:
        for key, metric in run.metrics.items():
            found[key] = found.get(key, 0) + metric.count
    curved = {key for run in runs for key, metric in run.metrics.items() if metric.count > 1}
    return {key: count for key, count in found.items() if key in curved}


PAGES: dict[str, PageFunction] = {
    "/ui/runs/compare": show,
    "/ui/runs/compare/charts": charts,
}
