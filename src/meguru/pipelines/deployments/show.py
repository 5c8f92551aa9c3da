"""Questions about what is and was deployed."""

from meguru.base import refs
from meguru.base.paging import check_limit
from meguru.kernel.operations import Context, operation
from meguru.pipelines import store
from meguru.pipelines.deployments import store as deployments
from meguru.pipelines.deployments.types import PipelineDeployment


@operation("pipeline.deployments", permission="pipeline:read", query=True, on="name")
def pipeline_deployments(
    ctx: Context, *, name: str, before: int | None = None, limit: int = 20
) -> list[PipelineDeployment]:
    """List what was deployed of a pipeline, newest first: the first is what triggers run now."""
    known = store.resolve(ctx.tx, refs.parse(name, kind="pipeline").name, ctx.readable).name
    return deployments.newest(ctx.tx, known, before=before, limit=check_limit(limit))
