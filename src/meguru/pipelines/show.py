"""Questions about pipelines and runs."""

import msgspec

from meguru.base import refs
from meguru.base.paging import Page, check_limit
from meguru.compute.graph import order
from meguru.kernel.operations import Context, operation
from meguru.pipelines import runs, store
from meguru.pipelines.types import (
    FINAL,
    Pipeline,
    PipelineRun,
    PipelineRunState,
    PipelineVersion,
    StepRun,
    StepState,
)


@operation("pipeline.list", permission="pipeline:read", query=True)
def list_pipelines(ctx: Context, *, cursor: str = "", limit: int = 100) -> Page[Pipeline]:
    """List pipelines by name, each with its newest run."""
    check_limit(limit)
    pipelines = store.page(ctx.tx, after=cursor, limit=limit + 1, projects=ctx.visible)
    more = pipelines[limit - 1].name if len(pipelines) > limit else ""
    return Page(items=pipelines[:limit], next_cursor=more)


@operation("pipeline.show", permission="pipeline:read", query=True, on="ref")
def show_pipeline(ctx: Context, *, ref: str) -> PipelineVersion:
    """Show a version of a pipeline: its graph, and the code that each step reaches."""
    return store.resolve(ctx.tx, ref, ctx.readable)


@operation("pipeline.versions", permission="pipeline:read", query=True, on="name")
def pipeline_versions(
    ctx: Context, *, name: str, before: int | None = None, limit: int = 20
) -> list[PipelineVersion]:
    """List versions of a pipeline, newest first, from the one before `before` on."""
    known = store.resolve(ctx.tx, refs.parse(name, kind="pipeline").name, ctx.readable).name
    return store.versions(ctx.tx, known, before=before, limit=check_limit(limit))


@operation("pipeline_run.list", permission="pipeline:read", query=True, refers={"pipeline": "pipeline"})
def list_runs(
    ctx: Context,
    *,
    pipeline: str = "",
    state: PipelineRunState | None = None,
    cursor: str = "",
    limit: int = 50,
) -> Page[PipelineRun]:
    """List runs without their steps, newest first."""
    check_limit(limit)
    pipeline_runs = runs.page(
        ctx.tx,
        pipeline=pipeline,
        state=state,
        before=cursor,
        limit=limit + 1,
        now=ctx.now(),
        projects=ctx.readable if pipeline else ctx.visible,
    )
    more = pipeline_runs[limit - 1].id if len(pipeline_runs) > limit else ""
    return Page(items=pipeline_runs[:limit], next_cursor=more)


@operation("pipeline_run.show", permission="pipeline:read", query=True, on="ref")
def show_run(ctx: Context, *, ref: str) -> PipelineRun:
    """Show a run with all its steps in order; those that have not begun are waiting or skipped.

    The calls of a mapped step follow it as they begin.
    """
    run = runs.get(ctx.tx, ref, ctx.now())
    graph = store.get(ctx.tx, run.pipeline, run.version).graph
    begun = runs.steps(ctx.tx, run.id)
    rest = StepState.SKIPPED if run.state in FINAL else StepState.WAITING
    calls: dict[str, list[StepRun]] = {}
    for one in begun.values():
        if one.parent:
            calls.setdefault(one.parent, []).append(one)
    steps: list[StepRun] = []
    for key in order(graph):
        unbegun = StepRun(id=f"{run.id}.{key}", run=run.id, pipeline=run.pipeline, step=key, state=rest)
        steps.append(begun.get(key, unbegun))
        steps += sorted(calls.get(key, ()), key=lambda one: int(one.step.rpartition(".")[2]))
    return msgspec.structs.replace(run, steps=steps)
