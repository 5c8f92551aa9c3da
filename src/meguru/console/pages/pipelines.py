"""One version of a pipeline among the others: its parameters, its steps, where its code is."""

from __future__ import annotations

from starlette.responses import Response

from meguru.compute.graph import needs, order
from meguru.console.lineage import neighbours
from meguru.console.page_request import PageFunction, Visit
from meguru.console.query_params import number_before, wanted
from meguru.pipelines import show
from meguru.pipelines.types import PipelineVersion

WINDOW = 20
RUNS = 10


def one(visit: Visit) -> Response:
    """Show one version of a pipeline (the newest, unless another is asked for)."""
    version = show.show_pipeline(visit.ws, ref=wanted(visit, "pipeline"))
    before = number_before(visit)
    versions = show.pipeline_versions(visit.ws, name=version.name, before=before, limit=WINDOW)
    return visit.render(
        "pipeline.html",
        version=version,
        versions=versions,
        older=versions[-1].version if len(versions) == WINDOW else "",
        before=before,
        steps=_steps(version),
        environments=environments(version),
        runs=show.list_runs(visit.ws, pipeline=version.name, limit=RUNS).items,
        live="pipeline. pipeline_run.",
        **neighbours(visit, version.ref),
    )


def _steps(version: PipelineVersion) -> list[dict[str, object]]:
    """Return the steps in the order in which they can run, each with those that it waits for."""
    by_key = {each.key: each for each in version.graph.steps}
    place = {key: at for at, key in enumerate(order(version.graph))}
    return [
        {
            "step": by_key[key],
            "after": sorted(needs(by_key[key]), key=place.__getitem__),
            "code": version.codes.get(key),
        }
        for key in place
    ]


def environments(version: PipelineVersion) -> list[tuple[str, str]]:
    """Return the Pythons that the steps run in, each with its lock file."""
    found = {(code.environment.python, _lock(code.environment.lock)) for code in version.codes.values()}
    return sorted(found)


def _lock(text: str) -> str:
    name, _, digest = text.partition(" ")
    return f"{name} {digest[:12]}".strip()


PAGES: dict[str, PageFunction] = {
    "/ui/pipelines/versions/{name}": one,
    "/ui/pipelines/versions/{name}/{version}": one,
}
