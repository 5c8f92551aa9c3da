"""The end of a run: what it made is registered in the transaction that says it succeeded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import update

from meguru.base.plugins import Table
from meguru.errors import InvalidInput, LostLease
from meguru.pipelines import kept_metrics, runs
from meguru.pipelines.graph import FromStep, Graph
from meguru.pipelines.materializers.base import Value
from meguru.pipelines.schema import step_run
from meguru.pipelines.types import Failed, PipelineRun, PipelineVersion, RunState, StepRun, StepState
from meguru.runtime.operations import Context

SINKS = Table("pipeline output", {"model": "meguru.registry.sink:register_output"})
"""By kind of value: ``f(ctx, name=…, tree=…, source=…) -> ref``, called in the run's last transaction."""

_OPEN = (StepState.RUNNING.value, StepState.WAITING.value)


def succeed(ctx: Context, run: PipelineRun, version: PipelineVersion, steps: Mapping[str, StepRun]) -> None:
    """Mark a run succeeded and register its product, both or neither."""
    result = result_of(version.graph, steps)
    metrics = dict(result.info.get("metrics", {})) if result else {}
    cached = sum(one.state is StepState.CACHED for one in steps.values())
    event = ctx.emit(
        "pipeline_run.succeeded",
        run.ref,
        data={
            "pipeline": run.pipeline,
            "version": run.version,
            "params": run.params,
            "ran": len(steps) - cached,
            "cached": cached,
            "metrics": metrics,
            "produces": version.graph.produces,
            "output": result.digest if result else None,
        },
        used=[version.ref, *(pin.ref for pin in run.pinned.values())],
        produced=[run.ref],
    )
    produced: list[str] = []
    if version.graph.produces:
        if result is None or result.kind not in SINKS.names():
            raise InvalidInput(
                f"pipeline {run.pipeline} produces {version.graph.produces!r}, but returned no model",
                hint="return a meguru.Model from its last step",
            )
        sink = SINKS.load(result.kind)
        produced.append(
            sink(ctx.with_(cause=event.id), name=version.graph.produces, tree=result.digest, source=run.ref)
        )
    _end(
        ctx,
        run,
        state=RunState.SUCCEEDED,
        produced=produced,
        metrics=metrics,
        ran=len(steps) - cached,
        cached=cached,
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
    ctx.tx.execute(
        update(step_run)
        .where(step_run.c.run == run.id, step_run.c.state.in_(_OPEN))
        .values(state=StepState.SKIPPED.value, finished_at=ctx.now())
    )
    states = [one.state for one in runs.steps(ctx.tx, run.id).values()]
    ran = sum(state in {StepState.SUCCEEDED, StepState.FAILED} for state in states)
    _end(ctx, run, state=RunState.FAILED, failed=why, ran=ran, cached=states.count(StepState.CACHED))


def result_of(graph: Graph, steps: Mapping[str, StepRun]) -> Value | None:
    """Return the value that the pipeline returned, if it is one step's single output."""
    if not isinstance(graph.result, FromStep):
        return None
    outputs = steps[graph.result.step].outputs
    if graph.result.index is not None:
        return outputs[graph.result.index]
    return outputs[0] if len(outputs) == 1 else None


def _end(ctx: Context, run: PipelineRun, *, state: RunState, **values: Any) -> None:
    kept_metrics.end(ctx, run.id, "succeeded" if state is RunState.SUCCEEDED else "failed")
    if not runs.change(ctx.tx, run.id, state=state, finished_at=ctx.now(), **values):
        raise LostLease(f"run {run.id} has ended already")
