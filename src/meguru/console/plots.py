"""The charts of metrics on a page: the first are drawn at once, others when they are seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup
from starlette.responses import Response

from meguru.console.charts.curves import Curve, curves
from meguru.console.page_request import Visit
from meguru.errors import InvalidInput
from meguru.tracking import show
from meguru.tracking.types import Run

METRICS = 500
"""So many metrics are on a page; others are on the next one, or asked for by a part of their name."""
FIRST = 4
"""So many charts are in the page as it is sent."""
AT_ONCE = 12
"""So many charts are asked for at a time."""
POINTS, FEWER, MANY_RUNS = 200, 100, 8


class ShownWindow(NamedTuple):
    """A window of metrics by name: its keys, what they have in their names, how many there are."""

    keys: list[str]
    part: str
    after: str
    more: str
    found: int


class Plot(NamedTuple):
    """One chart: the metric, its name within the group, and how many points there are."""

    key: str
    name: str
    points: int


def window(keys: Iterable[str], part: str, after: str) -> ShownWindow:
    """Return the metrics whose names have a part, in any case, from the one after `after` on."""
    wanted = part.casefold()
    found = sorted(key for key in keys if wanted in key.casefold())
    later = [key for key in found if key > after]
    more = later[METRICS - 1] if len(later) > METRICS else ""
    return ShownWindow(later[:METRICS], part, after, more, len(found))


def groups(keys: Sequence[str], points: Mapping[str, int]) -> dict[str, list[Plot]]:
    """Return the charts by what stands before the last slash of their metrics."""
    found: dict[str, list[Plot]] = {}
    for key in keys:
        prefix, _, name = key.rpartition("/")
        found.setdefault(prefix, []).append(Plot(key, name, points[key]))
    return found


def of_runs(visit: Visit, runs: Sequence[Run], keys: Sequence[str]) -> dict[str, Markup]:
    """Draw some metrics, of all runs in one drawing; what no run has logged twice is left out."""
    points = POINTS if len(runs) < MANY_RUNS else FEWER
    found = show.charts(visit.ws, runs=[run.id for run in runs], keys=list(keys), points=points)
    ranks = {run.id: (rank, run.name or run.id) for rank, run in enumerate(runs)}
    lines: dict[str, list[Curve]] = {}
    for series in found:
        rank, name = ranks[series.run]
        known = [(float(point.step), point.value) for point in series.points if point.value is not None]
        if known:
            lines.setdefault(series.key, []).append(Curve(name=name, rank=rank, points=known))
    return {
        key: curves(some, visit.text("{metric} by step", metric=key))
        for key, some in lines.items()
        if any(len(line.points) > 1 for line in some)
    }


def render(visit: Visit, runs: Sequence[Run]) -> Response:
    """Answer with the charts of the metrics that ``?key=`` names, without a page around them."""
    keys = list(dict.fromkeys(visit.request.query_params.getlist("key")))
    if len(keys) > AT_ONCE:
        raise InvalidInput(
            f"{len(keys)} charts are too many at a time", why=f"at most {AT_ONCE}", field="key"
        )
    return visit.render("charts.html", drawings=of_runs(visit, runs, keys))
