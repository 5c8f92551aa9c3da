"""The end of a run: what it made is registered in the transaction that says it succeeded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import update

from meguru.base import refs
from meguru.errors import InvalidInput, LostLease
from meguru.kernel.kinds import provided
from meguru.kernel.operations import Context
from meguru.pipelines import metrics_ingest, runs, transitions
from meguru.pipelines.approvals import store as approvals
from meguru.pipelines.products import product_of
from meguru.pipelines.schema import step_run
from meguru.pipelines.types import Failed, PipelineRun, PipelineRunState, PipelineVersion, StepRun, StepState

SINKS = "pipeline output"
"""The family that registers what a run made, by kind of product, in the run's last transaction:
``f(ctx, name=…, value=…, source=…) -> ref``; InvalidInput when the value is no such thing."""

_OPEN = (StepState.RUNNING.value, StepState.WAITING.value, StepState.ASKING.value)


def succeed(ctx: Context, run: PipelineRun, version: PipelineVersion, steps: Mapping[str, StepRun]) -> None:
    """Mark a run succeeded and register its product in the run's project, both or neither."""
    result = transitions.result_of(version.graph, steps)
    counts = runs.count(ctx.tx, [run.id])[run.id]
    project = refs.project_of(run.pipeline)
    # First, for what is registered has it as its cause.
    event = ctx.emit(**transitions.succeeded(run, version.graph, result, counts))
    produced = []
    for name, made in transitions.products_of(version.graph, steps):
        kind, bare = product_of(name)
        if made is None:
            what = f"pipeline {run.pipeline} produces {name!r}, but returned more than one thing"
            raise InvalidInput(what, hint="return the output of one step")
        sink = provided(SINKS).load(kind)
        produced.append(
            sink(ctx.with_(cause=event.id), name=refs.within(project, bare), value=made, source=run.ref)
        )
    _end(
        ctx,
        run,
        state=PipelineRunState.SUCCEEDED,
        produced=produced,
        metrics=transitions.metrics_of(result),
        **counts,
    )


def fail(ctx: Context, run: PipelineRun, why: Failed) -> None:
    """Mark a run failed, with the reason."""
    ctx.emit(
        "pipeline_run.failed",
        run.ref,
        data={
            "pipeline": run.pipeline,
            "version": run.version,
            "step": why.step,
            "type": why.type,
            "message": why.message,
        },
    )
    skip_open(ctx, run.id, "the run failed")
    _end(ctx, run, state=PipelineRunState.FAILED, failed=why, **runs.count(ctx.tx, [run.id])[run.id])


def skip_open(ctx: Context, run_id: str, reason: str, *, but_running: bool = False) -> None:
    """Mark the steps that will not be done as skipped, and close the questions that nobody needs to answer.

    With `but_running`, steps whose processes are still to be ended are left as they are.
    """
    states = [state for state in _OPEN if not (but_running and state == StepState.RUNNING.value)]
    ctx.tx.execute(
        update(step_run)
        .where(step_run.c.run == run_id, step_run.c.state.in_(states))
        .values(state=StepState.SKIPPED.value, reason=reason, finished_at=ctx.now())
    )
    approvals.close(ctx.tx, run_id, ctx.now(), reason)


def _end(ctx: Context, run: PipelineRun, *, state: PipelineRunState, **values: Any) -> None:
    metrics_ingest.end(ctx, run.id, "succeeded" if state is PipelineRunState.SUCCEEDED else "failed")
    if not runs.change(ctx.tx, run.id, state=state, finished_at=ctx.now(), **values):
        raise LostLease(f"run {run.id} has ended already")
