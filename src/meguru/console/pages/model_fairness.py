"""How one version of a model treats groups of its holdout, and on which parts it is worse."""

from __future__ import annotations

from markupsafe import Markup
from starlette.responses import Response

from meguru.console.charts.forest import Forest, drawn
from meguru.console.page_request import PageFunction, Visit
from meguru.console.query_params import wanted
from meguru.errors import InvalidInput
from meguru.registry import show
from meguru.registry.fairness import GroupComparison, ModelFairness, fairness
from meguru.registry.slices import ModelSlices, slices
from meguru.releases.gate_tables import PartLine, table_of_groups

LIVE = "model_version."


def one(visit: Visit) -> Response:
    """Show the groups that the address names; without any, what it could name."""
    version = show.show(visit.ws, ref=wanted(visit, "model"))
    by = list(dict.fromkeys(visit.request.query_params.getlist("by")))
    model_fairness: ModelFairness | None = None
    worse: ModelSlices | None = None
    why = ""
    try:
        model_fairness = fairness(
            visit.ws, ref=version.ref, by=by, intersections=bool(visit.asked("together"))
        )
        worse = slices(visit.ws, ref=version.ref) if visit.asked("slices") else None
    except InvalidInput as error:
        why = "; ".join(filter(None, (error.what, error.why)))
    return visit.render(
        "model_fairness.html",
        version=version,
        by=by,
        found=model_fairness,
        parts=[(comparison, _forests(comparison)) for comparison in model_fairness.comparisons]
        if model_fairness
        else [],
        worse=worse,
        drawings=_drawings(worse),
        why=why,
        live=LIVE,
    )


def _forests(comparison: GroupComparison) -> list[Forest]:
    table = table_of_groups(comparison.difference, comparison.columns)
    return [Forest(table=table, drawings=drawn(table.lines))]


def _drawings(found: ModelSlices | None) -> list[Markup]:
    lines = found.slices if found else []
    return drawn([PartLine(name="", value=line.gap, low=line.low, high=line.high) for line in lines])


PAGES: dict[str, PageFunction] = {"/ui/models/{name}/{version}/fairness": one}
