"""Deploy a version of a pipeline, or go back to the one before."""

from __future__ import annotations

from meguru.base import refs
from meguru.errors import Conflict, NotFound
from meguru.kernel import declarations
from meguru.kernel.operations import Context, operation
from meguru.pipelines import store
from meguru.pipelines.deployments import spec as specs
from meguru.pipelines.deployments import store as deployments
from meguru.pipelines.deployments.move import NEEDED, move, write
from meguru.pipelines.deployments.types import PipelineDeployment
from meguru.pipelines.kind import PIPELINE
from meguru.pipelines.types import PipelineVersion

_PAGE = 200


@operation("pipeline.deploy", permission=NEEDED, on="name")
def deploy(ctx: Context, *, name: str, version: int | None = None, reason: str = "") -> PipelineDeployment:
    """Have triggers, calendars and backfills run a version of a pipeline from now on: by default the newest.

    `name` may have the version in it: ``train@3``. What is deployed already changes nothing. Runs that were
    started go on with the version they have.
    """
    parsed = refs.parse(name, kind="pipeline")
    wanted = name if version is None else refs.make("pipeline", parsed.name, version)
    pipeline_version = store.resolve(ctx.tx, wanted, ctx.readable)
    return put_live(ctx, pipeline_version, reason=reason)


@operation("pipeline.rollback", permission=NEEDED, on="name")
def rollback(ctx: Context, *, name: str, to: int | None = None, reason: str = "") -> PipelineDeployment:
    """Deploy again what was deployed before, or the version `to`, which was deployed once.

    Rolled back twice, it is the one before that.

    Raises
    ------
    NotFound
        If there is nothing to go back to.
    """
    known = store.resolve(ctx.tx, refs.parse(name, kind="pipeline").name, ctx.readable).name
    store.lock(ctx.tx, known, ctx.now())
    now = deployments.current(ctx.tx, known)
    target = _before(ctx, now, to) if now else None
    if now is None or target is None:
        which = f"version {to}" if to is not None else "earlier deployed version"
        raise NotFound(
            f"pipeline/{known} has no {which} to go back to",
            where=refs.make("pipeline", known),
            hint=f"see what was deployed: meguru pipeline show {known}",
        )
    rolled_back_to = target.rolled_back_to or target.number
    return _recorded(
        ctx, write(ctx, known, target.version, now, reason=reason, rolled_back_to=rolled_back_to)
    )


def put_live(ctx: Context, found: PipelineVersion, *, reason: str) -> PipelineDeployment:
    """Deploy a version, as a part of the open operation; what is deployed already stays as it is."""
    return _recorded(ctx, move(ctx, found, reason=reason))


def _recorded(ctx: Context, made: PipelineDeployment) -> PipelineDeployment:
    """Write down that a project file which declares the pipeline says something else now."""
    spec = specs.find(ctx.tx, made.name)
    if spec is not None and ctx.emitted and ctx.emitted[-1].id == made.event:
        declarations.record(ctx, PIPELINE, made.name, spec, ctx.emitted[-1])
    return made


def ensure(ctx: Context, name: str, *, why: str) -> None:
    """See to it that a pipeline is deployed: the newest version, if nothing is and the principal may do so.

    A query only asks whether that would be allowed.

    Raises
    ------
    Conflict
        If nothing is deployed, and the principal may not deploy; it says who has to.
    """
    if deployments.deployed(ctx.tx, name) is not None:
        return
    newest = store.resolve(ctx.tx, name, ctx.readable)
    if not ctx.principal.allows(NEEDED, refs.project_of(name)):
        raise Conflict(
            f"no version of pipeline {name!r} is deployed",
            where=newest.ref,
            why=f"{why} runs what is deployed, and to deploy it needs {NEEDED}",
            hint=f"somebody who may: meguru pipeline deploy {name}@{newest.version}",
        )
    if not ctx.operation.query:
        put_live(ctx, newest, reason=f"{why} is its first use")


def deployed_version(ctx: Context, name: str) -> PipelineVersion:
    """Return the version that is deployed.

    Raises
    ------
    NotFound
        If there is no such pipeline.
    Conflict
        If none is deployed.
    """
    newest = store.resolve(ctx.tx, name, ctx.readable)
    number = deployments.deployed(ctx.tx, newest.name)
    if number is None:
        raise Conflict(
            f"no version of pipeline {newest.name!r} is deployed",
            where=newest.ref,
            hint=f"meguru pipeline deploy {newest.ref.removeprefix('pipeline/')}",
        )
    return newest if number == newest.version else store.get(ctx.tx, newest.name, number)


def _before(ctx: Context, now: PipelineDeployment, to: int | None) -> PipelineDeployment | None:
    """Return the deployment to go back to; unless named, one that was rolled back is passed over."""
    number = now.number if to is not None else now.rolled_back_to or now.number
    while pipeline_deployments := deployments.newest(ctx.tx, now.name, limit=_PAGE, before=number):
        for deployment in pipeline_deployments:
            if deployment.version not in {0, now.version} and to in {None, deployment.version}:
                return deployment
        number = pipeline_deployments[-1].number
    return None
