"""Move what is deployed, as a part of an open operation."""

from __future__ import annotations

from meguru.base import refs
from meguru.governance.code_policy.check import check_commit
from meguru.kernel.operations import Context
from meguru.pipelines import store
from meguru.pipelines.deployments import store as deployments
from meguru.pipelines.deployments.types import PipelineDeployment
from meguru.pipelines.types import PipelineVersion

NEEDED = "pipeline:deploy"
"""What moving it needs."""


def move(ctx: Context, found: PipelineVersion, *, reason: str) -> PipelineDeployment:
    """Deploy a version; what is deployed already stays as it is.

    Raises
    ------
    Conflict
        If a policy of the environment does not let its code through.
    """
    # Held before it is read what is deployed: of two at once, the second follows on the first.
    store.lock(ctx.tx, found.name, ctx.now())
    now = deployments.current(ctx.tx, found.name)
    if now is not None and now.version == found.version:
        return now
    check_commit(ctx.tx, found.ref, found.commit)
    return write(ctx, found.name, found.version, now, reason=reason)


def take_out(ctx: Context, name: str, *, reason: str) -> None:
    """Have no version deployed any more."""
    store.lock(ctx.tx, name, ctx.now())
    now = deployments.current(ctx.tx, name)
    if now is not None and now.version:
        deployments.add(
            ctx.tx,
            PipelineDeployment(
                name=name,
                number=now.number + 1,
                version=0,
                at=ctx.now(),
                by=ctx.principal.name,
                reason=reason,
                event="",
            ),
        )


def write(
    ctx: Context,
    name: str,
    version: int,
    before: PipelineDeployment | None,
    *,
    reason: str,
    rolled_back_to: int | None = None,
) -> PipelineDeployment:
    """Tell of a deployment and write it; `before` is the one that held, `rolled_back_to` as in it."""
    ref = refs.make("pipeline", name, version)
    told = ctx.emit(
        "pipeline.deployed" if rolled_back_to is None else "pipeline.rolled_back",
        ref,
        data={"version": version, "before": (before.version or None) if before else None, "reason": reason},
    )
    deployment = PipelineDeployment(
        name=name,
        number=before.number + 1 if before else 1,
        version=version,
        at=ctx.now(),
        by=ctx.principal.name,
        reason=reason,
        event=told.id,
        rolled_back_to=rolled_back_to,
    )
    deployments.add(ctx.tx, deployment)
    return deployment
