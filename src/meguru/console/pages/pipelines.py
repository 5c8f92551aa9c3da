"""One version of a pipeline among the others: its parameters, its steps, where its code is."""

from __future__ import annotations

from starlette.responses import Response

from meguru.base import refs
from meguru.compute.graph import needs, order
from meguru.console.forms import FormFunction, FormValues, unknown
from meguru.console.lineage import neighbours
from meguru.console.page_request import PageFunction, Visit
from meguru.console.query_params import number_before, wanted
from meguru.pipelines import show
from meguru.pipelines.deployments.deploy import deploy, rollback
from meguru.pipelines.deployments.move import NEEDED
from meguru.pipelines.deployments.show import pipeline_deployments
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
        deployments=pipeline_deployments(visit.ws, name=version.name, limit=WINDOW),
        may_deploy=visit.ws.principal.allows(NEEDED, refs.project_of(version.name)),
        runs=show.list_runs(visit.ws, pipeline=version.name, limit=RUNS).items,
        live="pipeline. pipeline_run.",
        **neighbours(visit, version.ref),
    )


def deployment(visit: Visit, given: FormValues) -> str:
    """Do what a form of a version's page asks for: deploy it, or go back to what was deployed before."""
    name, reason = visit.named("name"), given.get("reason", "")
    match given.get("do", ""):
        case "deploy":
            pipeline_deployment = deploy(visit.ws, name=f"{name}@{visit.named('version')}", reason=reason)
        case "rollback":
            pipeline_deployment = rollback(visit.ws, name=name, reason=reason)
        case _:
            raise unknown(given, ("deploy", "rollback"))
    return str(pipeline_deployment.version)


def _steps(version: PipelineVersion) -> list[dict[str, object]]:
    """Return the steps in the order in which they can run, each with those that it waits for."""
    by_key = {step.key: step for step in version.graph.steps}
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


FORMS: dict[str, FormFunction] = {"/ui/pipelines/versions/{name}/{version}": deployment}
PAGES: dict[str, PageFunction] = {
    "/ui/pipelines/versions/{name}": one,
    "/ui/pipelines/versions/{name}/{version}": one,
}
