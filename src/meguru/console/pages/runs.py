"""Tracked runs: a window of them, and one with its metrics."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from markupsafe import Markup
from starlette.responses import Response

from meguru.console.charts.series import series
from meguru.console.lineage import neighbours
from meguru.console.visit import Visit
from meguru.errors import InvalidInput
from meguru.tracking import show
from meguru.tracking.captured import is_captured
from meguru.tracking.types import Run

WINDOW = 100
CHARTS = 6
STATES: dict[str, Literal["", "running", "interrupted", "succeeded", "failed", "cancelled"]] = {
    "": "",
    "running": "running",
    "interrupted": "interrupted",
    "succeeded": "succeeded",
    "failed": "failed",
    "cancelled": "cancelled",
}


def listing(visit: Visit) -> Response:
    """Show a window of the runs, newest first."""
    experiment, wanted, before = visit.asked("experiment"), visit.asked("state"), visit.asked("before")
    if wanted not in STATES:
        raise InvalidInput(f"no run is {wanted[:40]!r}", field="state", hint=", ".join(filter(None, STATES)))
    found = show.list_runs(visit.ws, experiment=experiment, state=STATES[wanted], before=before, limit=WINDOW)
    return visit.render(
        "runs.html",
        runs=found.items,
        older=found.next_cursor,
        before=before,
        experiment=experiment,
        wanted=wanted,
        experiments=show.list_experiments(visit.ws, limit=WINDOW).items,
        took=took,
        live="run.",
        seq=visit.head(),
    )


def one(visit: Visit) -> Response:
    """Show one run."""
    run = show.show(visit.ws, run=visit.named("id"))
    return visit.render(
        "run.html",
        run=run,
        tags={key: value for key, value in run.tags.items() if not is_captured(key)},
        captured={key: value for key, value in run.tags.items() if is_captured(key)},
        artifacts=show.artifacts(visit.ws, run=run.id),
        charts=_charts(visit, run),
        took=took,
        live="run.",
        seq=visit.head(),
        **neighbours(visit, run.ref),
    )


def took(start: datetime | None, end: datetime | None) -> float | None:
    """Return the seconds between two moments; None while the second is not there yet."""
    return (end - start).total_seconds() if start and end else None


def _charts(visit: Visit, run: Run) -> list[tuple[str, Markup]]:
    drawn = []
    for key in sorted(name for name, metric in run.metrics.items() if metric.count > 1)[:CHARTS]:
        found = show.chart(visit.ws, run=run.id, key=key)
        points = [(float(point.step), point.value) for point in found if point.value is not None]
        if len(points) > 1:
            drawn.append((key, series(points, visit.text("{metric} by step", metric=key))))
    return drawn
