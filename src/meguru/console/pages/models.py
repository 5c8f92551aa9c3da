"""Models: the newest version of each; one with its versions, aliases and source."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from meguru.artifacts import why
from meguru.base import refs
from meguru.console.lineage import neighbours
from meguru.console.page_request import PageFunction, Visit
from meguru.console.query_params import number_before, wanted
from meguru.console.reasons import reasons
from meguru.registry import show
from meguru.registry.types import Alias, ModelVersion
from meguru.registry.usage import uses
from meguru.releases.show import of_model
from meguru.serving.show import list_endpoints

WINDOW = 100
METRICS = 5
LIVE = "model. registered_model. model_version. model_alias. endpoint."


def listing(visit: Visit) -> Response:
    """Show the models with their newest version."""
    after = visit.asked("after")
    found = show.list_models(visit.ws, after=after, limit=WINDOW)
    return visit.render(
        "models.html",
        models=found.items,
        live_at=list_endpoints(visit.ws, limit=WINDOW).items,
        older=found.next_cursor,
        after=after,
        live=LIVE,
    )


def one(visit: Visit) -> Response:
    """Show one version of a model (the newest, unless another is asked for) among the others."""
    name, before = visit.full("name"), number_before(visit)
    ref = wanted(visit, "model")
    if refs.parse(ref).version is None and not show.versions(visit.ws, name=name, limit=1):
        return visit.render("model_without_versions.html", name=name, live=LIVE)
    version = show.show(visit.ws, ref=ref)
    versions = show.versions(visit.ws, name=name, before=before, limit=WINDOW)
    return visit.render(
        "model.html",
        model=show.about(visit.ws, name=name),
        uses=uses(visit.ws, ref=version.ref),
        version=version,
        versions=versions,
        metrics=_metrics(versions),
        inputs=version.signature.inputs,
        live_at=list_endpoints(visit.ws, limit=WINDOW).items,
        older=versions[-1].version if len(versions) == WINDOW else "",
        before=before,
        chain=why.show(visit.ws, ref=version.ref).chain,
        reasons=reasons,
        moves=_moves(visit, name),
        releases=of_model(visit.ws, model=version.ref, limit=WINDOW),
        live=LIVE,
        **neighbours(visit, version.ref),
    )


def _metrics(versions: Sequence[ModelVersion]) -> list[str]:
    return sorted({name for version in versions for name in version.metrics})[:METRICS]


def _moves(visit: Visit, name: str) -> list[Alias]:
    """Return the history of every alias that the model has."""
    now = [each.alias for each in show.aliases(visit.ws, name=name)]
    moves = show.alias_history(visit.ws, name=name)
    return [move for move in moves if move.alias in now][:WINDOW]


PAGES: dict[str, PageFunction] = {
    "/ui/models": listing,
    "/ui/models/{name}": one,
    "/ui/models/{name}/{version}": one,
}
